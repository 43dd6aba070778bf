// What an order would come to, before it is one.

import { post, REPORTS } from "./api.js";
import { button, el, facts } from "./dom.js";
import { bytes, number, seconds, t } from "./language.js";
import { complain } from "./notice.js";

/**
 * `{element, run, forget}`: ask for `body()`. Where the format cannot hold it, offer to `use(format)` another, or to
 * `truncate`, a field; wrong fields are told to `refuse`.
 */
export function estimate({ body, use, truncate, refuse }) {
  const said = el("div", { class: "said", role: "status", "aria-live": "polite" });
  const element = el("section", { class: "estimate" }, el("h2", {}, t("order.estimate_title")), said, truncate.element);
  forget();
  return { element, run, forget };

  function forget() {
    show([el("p", { class: "hint" }, t("order.estimate_hint"))]);
  }

  function show(children, { fits = true } = {}) {
    said.replaceChildren(...children);
    truncate.element.hidden = fits && !truncate.value();
  }

  async function run() {
    refuse({});
    show([el("p", { class: "loading" }, t("loading"))]);
    try {
      const found = (await post(`${REPORTS}/estimate`, { body: body() })).body;
      show([numbersOf(found), ...(found.fits ? [holds(found)] : others(found, use))], found);
    } catch (problem) {
      forget();
      if (problem.status === 422) refuse(problem.errors);
      else complain(problem);
    }
  }
}

function numbersOf({ rows_total: rows, size_bytes: size, seconds: time }) {
  const about = (value) => t("order.about", { value });
  return facts([
    [t("order.estimate_rows"), number(rows)],
    [t("order.estimate_size"), about(bytes(size))],
    [t("order.estimate_time"), about(seconds(time))],
  ]);
}

const holds = ({ format }) => el("p", { class: "good" }, t("order.fits", { format: t(`format.${format}`) }));

function others({ format, limit, formats }, use) {
  const words = formats.length
    ? t("order.no_fit", { format: t(`format.${format}`), limit: number(limit) })
    : t("order.no_fit_none");
  return [
    el("p", { class: "bad" }, words),
    el(
      "div",
      { class: "buttons" },
      formats.map((it) => button(t("order.use", { format: t(`format.${it}`) }), () => use(it), { class: "secondary" })),
    ),
  ];
}
