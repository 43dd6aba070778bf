// What a report's status looks like: a word with a mark, and a bar while it is being made.

import { el } from "./dom.js";
import { number, percent, t } from "./language.js";

/** The status as people think of it; the API has four, and cancelled is a way to fail. */
export function statusOf(report) {
  if (report.deleted_at) return "deleted";
  if (report.status === "failed" && report.error?.code === "cancelled") return "cancelled";
  if (isRecorded(report)) return "recorded";
  return isUnfinished(report) && !report.is_active ? "inactive" : report.status;
}

/** Whether the report was made elsewhere: completed, but without a result. */
export const isRecorded = (report) => report.status === "completed" && !report.result;

export const isUnfinished = (report) => ["pending", "processing"].includes(report.status);

/** Whether it is worth looking again. */
export const isMoving = (report) => isUnfinished(report) && report.is_active && !report.deleted_at;

export function badge(report) {
  const status = statusOf(report);
  return el("span", { class: `status ${status}` }, t(`status.${status}`));
}

/** The bar, and how far it is in words; null for a report that does not move. */
export function progress(report) {
  if (!isMoving(report)) return null;
  const { percent: done = 0, rows_done: rows, rows_total: total } = report.progress ?? {};
  const isKnown = report.status === "processing" && report.progress;
  const words = [
    isKnown ? percent(done) : null,
    rows && total ? t("progress.rows", { done: number(rows), total: number(total) }) : null,
  ];
  return el(
    "div",
    { class: "progress" },
    el("progress", {
      max: 100,
      value: isKnown ? done : null,
      "aria-label": t("progress.label", { title: report.title }),
    }),
    el("span", { class: "done" }, words.filter(Boolean).join(" · ")),
  );
}
