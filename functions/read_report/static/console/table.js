// Rows as a table, as the page's language writes numbers and dates.

import { el } from "./dom.js";
import { day, exact, number, plural, stamp, t } from "./language.js";
import { typeNamed } from "./types.js";

const NUMBERS = ["integer", "decimal"];
const FORMS = { date: day, timestamp: stamp, integer: exact, decimal: exact };

/** A table of the report's columns; null rows are a table of none, to show what the columns are. */
export function table(report, rows) {
  const { columns, row_count: count } = report.result;
  if (rows?.length === 0) return el("p", { class: "plain" }, t("preview.no_rows"));
  const labels = new Map((typeNamed(report.report_type)?.columns ?? []).map((column) => [column.name, column.label]));
  const caption =
    rows &&
    (rows.length < count
      ? t("preview.first_rows", { count: number(rows.length), total: number(count) })
      : plural("preview.all_rows", count));
  return el(
    "div",
    { class: "scroll", tabindex: "0", role: "region", "aria-label": caption ?? t("report.preview") },
    el(
      "table",
      {},
      caption && el("caption", {}, caption),
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          columns.map((it) => el("th", { scope: "col", class: kind(it) }, labels.get(it.name) ?? it.name)),
        ),
      ),
      rows &&
        el(
          "tbody",
          {},
          rows.map((row) =>
            el(
              "tr",
              {},
              columns.map((it, place) => el("td", { class: kind(it) }, cell(row[place], it))),
            ),
          ),
        ),
    ),
  );
}

const kind = (column) => (NUMBERS.includes(column.type) ? "number" : null);

function cell(value, column) {
  if (value === null || value === undefined) return "";
  const form = FORMS[column.type];
  return form ? form(String(value)) : String(value);
}
