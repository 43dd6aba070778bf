// Ordering: a type, its parameters, a format, a language; an estimate before, and on a schedule where there are any.

import { el, heading } from "./dom.js";
import { draft } from "./draft.js";
import { orderForm } from "./form.js";
import { t } from "./language.js";
import { complain } from "./notice.js";
import { may } from "./session.js";
import { allTypes } from "./types.js";

export function orderView(main, { query }) {
  main.append(heading(t("order.title")), el("p", { class: "loading" }, t("loading")));
  let isGone = false;
  allTypes()
    .then((types) => {
      if (!isGone) fill(types);
    })
    .catch((problem) => {
      main.querySelector(".loading")?.remove();
      complain(problem);
    });
  return () => {
    isGone = true;
  };

  function fill(types) {
    main.querySelector(".loading").remove();
    const open = types.filter((it) => it.can_order);
    if (!may("generate")) main.append(el("p", { class: "plain" }, t("order.forbidden")));
    else if (!open.length) main.append(el("p", {}, t("order.none")), el("p", {}, t("order.none_lead")));
    else main.append(typesAndForm(types, open, query.get("when")));
  }
}

/** The types to choose from, and below them the form for the one that is chosen. */
function typesAndForm(types, open, when) {
  const chosen = open.find((it) => it.name === draft.current.report_type) ?? open[0];
  const place = el("div", { class: "order-rest" });
  const cards = el(
    "fieldset",
    { class: "types", onchange: (event) => choose(types.find((it) => it.name === event.target.value)) },
    el("legend", {}, t("order.which")),
    types.map((it) => card(it, chosen)),
  );
  choose(chosen);
  return el("div", { class: "order" }, cards, place);

  function choose(type) {
    if (draft.current.report_type !== type.name) draft.current = { report_type: type.name };
    place.replaceChildren(orderForm(type, when));
  }
}

function card(type, chosen) {
  return el(
    "label",
    { class: "type" },
    el("input", {
      type: "radio",
      name: "report_type",
      value: type.name,
      checked: type === chosen,
      disabled: !type.can_order,
    }),
    el("span", { class: "type-title" }, type.title),
    el("span", { class: "type-about" }, type.can_order ? type.description : t("order.closed")),
  );
}
