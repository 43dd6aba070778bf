// The form above the list.

import { el } from "./dom.js";
import { labelled } from "./fields.js";
import { t } from "./language.js";
import { may } from "./session.js";
import { allTypes } from "./types.js";

const FORMATS = ["pdf", "excel", "csv", "json"];
const STATUSES = ["pending", "processing", "completed", "failed"];
const BEHIND = ["report_type", "format", "created_from", "created_to", "with_trashed"]; // `more filters`
const TYPING_MS = 350;

/** A form that tells `narrow` what the list should be narrowed to, as the API's query has it. */
export function filters(asked, narrow) {
  let timer = 0;
  const clear = el(
    "a",
    { class: "clear", href: "#/reports", hidden: Object.keys(asked).length === 0 },
    t("reports.clear"),
  );
  const form = el(
    "form",
    { class: "filters", role: "search", onsubmit: submit, onchange: submit },
    el(
      "div",
      { class: "fields" },
      labelled(
        t("reports.search"),
        el("input", {
          id: "filter-search",
          name: "search",
          type: "search",
          value: asked.search,
          maxlength: 255,
          oninput: later,
        }),
      ),
      select(
        "status",
        t("reports.status"),
        STATUSES.map((it) => [it, t(`status.${it}`)]),
      ),
    ),
    el(
      "details",
      { class: "more", open: BEHIND.some((name) => asked[name]) },
      el("summary", {}, t("reports.more")),
      el(
        "div",
        { class: "fields" },
        select("report_type", t("reports.type"), []),
        select(
          "format",
          t("reports.format"),
          FORMATS.map((it) => [it, t(`format.${it}`)]),
        ),
        day("created_from", t("reports.from")),
        day("created_to", t("reports.to")),
        may("delete") &&
          el(
            "label",
            { class: "check" },
            el("input", {
              type: "checkbox",
              name: "with_trashed",
              value: "true",
              checked: asked.with_trashed === "true",
            }),
            t("reports.trash"),
          ),
      ),
    ),
    clear,
  );
  allTypes()
    .then(addTypes)
    .catch(() => {}); // the list complains
  return form;

  function select(name, label, options) {
    return labelled(
      label,
      el(
        "select",
        { id: `filter-${name}`, name },
        el("option", { value: "" }, t("reports.all")),
        options.map((it) => option(name, ...it)),
      ),
    );
  }

  function option(name, value, label) {
    return el("option", { value, selected: asked[name] === value }, label);
  }

  function day(name, label) {
    return labelled(label, el("input", { id: `filter-${name}`, name, type: "date", value: asked[name] }));
  }

  function addTypes(types) {
    form.elements.report_type.append(...types.map((it) => option("report_type", it.name, it.title)));
  }

  function later() {
    clearTimeout(timer);
    timer = setTimeout(apply, TYPING_MS);
  }

  function submit(event) {
    event.preventDefault();
    apply();
  }

  function apply() {
    clearTimeout(timer);
    const wanted = Object.fromEntries([...new FormData(form)].filter(([, value]) => value !== ""));
    clear.hidden = Object.keys(wanted).length === 0;
    if (form.isConnected) narrow(wanted);
  }
}
