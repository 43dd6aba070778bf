// One report: how far it is, what it came to, a look into it, and what can be done with it.

import { get, REPORTS } from "./api.js";
import { actions, whenChanged } from "./actions.js";
import { el, facts, heading, replace } from "./dom.js";
import { draftFrom } from "./draft.js";
import { wordFor } from "./fields.js";
import { bytes, day, moment, number, problemText, seconds, t } from "./language.js";
import { complain, say } from "./notice.js";
import { pauseOf, poll } from "./polling.js";
import { preview } from "./preview.js";
import { may } from "./session.js";
import { badge, isMoving, isRecorded, progress } from "./status.js";
import { allTypes, titleOf, typeNamed } from "./types.js";

const DETAILED = ["too_many_rows", "invalid_parameters", "source_invalid"]; // the message names formats, fields, columns

export function reportView(main, { name: uuid }) {
  const head = el("div");
  const body = el("div", { class: "report-body" }, el("p", { class: "loading" }, t("loading")));
  main.append(el("a", { class: "back", href: "#/reports" }, t("report.back")), head, body);
  let parts = { head, body };
  let shown = null;
  let stop = look();
  const deafen = whenChanged(changed);
  return () => {
    stop();
    deafen();
    parts.body.release?.();
  };

  function look() {
    return poll(async (signal) => {
      const [answer] = await Promise.all([get(`${REPORTS}/${encodeURIComponent(uuid)}`, { signal }), allTypes()]);
      if (signal.aborted) return null;
      fill(answer.body);
      return isMoving(answer.body) ? pauseOf(answer) : null;
    }, failed);
  }

  function failed(problem) {
    if (problem.status === 404) gone();
    else complain(problem);
  }

  function gone() {
    parts.body.release?.();
    main.replaceChildren(
      el("a", { class: "back", href: "#/reports" }, t("report.back")),
      heading(t("report.gone")),
      el("p", {}, t("report.gone_lead")),
    );
  }

  function changed({ name, uuid: changedUuid }) {
    if (name === "download" || changedUuid !== uuid) return;
    stop();
    if (name === "delete") location.hash = "/reports";
    else stop = look();
  }

  function fill(report) {
    announce(shown, report);
    const hadFocus = document.activeElement?.tagName === "H1";
    const fresh = { head: headOf(report), body: sameBody(shown, report) ? parts.body : bodyOf(report) };
    replace(parts.head, fresh.head);
    if (fresh.body !== parts.body) {
      parts.body.release?.();
      replace(parts.body, fresh.body);
    }
    parts = fresh;
    document.title = `${report.title} · Rapor`;
    if (hadFocus || !shown) main.querySelector("h1").focus({ preventScroll: true });
    shown = report;
  }
}

/** Whether what stands below the head would be the same: the preview stays as it is. */
const sameBody = (before, after) =>
  before &&
  JSON.stringify([before.status, before.result, before.deleted_at]) ===
    JSON.stringify([after.status, after.result, after.deleted_at]);

function announce(before, after) {
  if (!before || !isMoving(before) || before.status === after.status) return;
  if (after.status === "completed") say(t("progress.finished", { title: after.title }));
  if (after.status === "failed") say(t("progress.failed", { title: after.title }), { isProblem: true });
}

function headOf(report) {
  const again = may("generate") && typeNamed(report.report_type)?.can_order && !report.deleted_at;
  return el(
    "div",
    { class: "report-head" },
    heading(
      report.title,
      el(
        "p",
        { class: "about" },
        badge(report),
        el("span", {}, titleOf(report.report_type)),
        el("span", {}, t(`format.${report.format}`)),
      ),
    ),
    progress(report),
    trouble(report),
    el(
      "div",
      { class: "buttons" },
      actions(report, ["download", "restore", "retry", "cancel"]),
      again &&
        el(
          "a",
          { class: "button secondary", href: "#/order", onclick: () => draftFrom(report), "data-key": "again" },
          t("action.again"),
        ),
      actions(report, ["delete"]),
    ),
  );
}

/** Why there is no document; null if there is one, or will be. */
function trouble(report) {
  const { error } = report;
  const texts = [
    report.deleted_at && t("report.deleted_at", { when: moment(report.deleted_at) }),
    error && problemText(error),
    error && DETAILED.includes(error.code) && error.message,
    isRecorded(report) && t("report.recorded"),
    !report.is_active &&
      !report.deleted_at &&
      ["pending", "processing"].includes(report.status) &&
      t("report.inactive"),
  ].filter(Boolean);
  return texts.length
    ? el(
        "div",
        { class: error ? "trouble" : "remark" },
        texts.map((text) => el("p", {}, text)),
      )
    : null;
}

/** What the document lacks; null if nothing. */
function remark({ result }) {
  const texts = [
    result?.truncated && t("report.truncated", { count: number(result.row_count), total: number(result.rows_total) }),
    result?.missing_glyphs > 0 && t("report.missing_glyphs", { count: number(result.missing_glyphs) }),
    result?.cut_cells > 0 && t("report.cut_cells", { count: number(result.cut_cells) }),
  ].filter(Boolean);
  return texts.length
    ? el(
        "div",
        { class: "remark" },
        texts.map((text) => el("p", {}, text)),
      )
    : null;
}

function bodyOf(report) {
  const look = report.result && !report.deleted_at ? preview(report) : null;
  const body = el(
    "div",
    { class: look ? "report-body with-preview" : "report-body" },
    look &&
      el(
        "section",
        { class: "preview", "aria-labelledby": "preview-title" },
        el("h2", { id: "preview-title" }, t("report.preview")),
        look.element,
        remark(report),
      ),
    el(
      "section",
      { class: "side", "aria-labelledby": "about-title" },
      el("h2", { id: "about-title" }, t("report.about")),
      aboutOf(report),
      parametersOf(report),
    ),
  );
  body.release = look?.release;
  return body;
}

function aboutOf(report) {
  const { result, error } = report;
  const took =
    report.started_at && report.finished_at
      ? (new Date(report.finished_at) - new Date(report.started_at)) / 1000
      : null;
  return facts([
    [
      t("report.rows"),
      result &&
        (result.row_count === result.rows_total
          ? number(result.row_count)
          : t("progress.rows", { done: number(result.row_count), total: number(result.rows_total) })),
    ],
    [t("report.size"), result && bytes(result.size_bytes)],
    [t("report.as_of"), result && moment(result.as_of)],
    [t("report.took"), result && took !== null && seconds(took)],
    [t("report.ordered"), moment(report.created_at)],
    [t("report.by"), report.user.email ?? String(report.user.id)],
    [t("report.scheduled_for"), report.scheduled_for && moment(report.scheduled_for)],
    [t("report.expires"), result && moment(result.expires_at)],
    [t("report.code"), error && el("code", {}, error.code)],
    [t("report.attempt"), error && error.attempt > 1 && number(error.attempt)],
    ["SHA-256", result && el("code", { class: "digest" }, result.sha256)],
  ]);
}

function parametersOf(report) {
  const given = Object.entries(report.parameters ?? {}).filter(([, value]) => value !== null);
  if (!given.length) return null;
  const schemas = typeNamed(report.report_type)?.parameters_schema?.properties ?? {};
  return [
    el("h2", {}, t("report.parameters")),
    facts(given.map(([name, value]) => [schemas[name]?.title ?? name, inWords(value, schemas[name])])),
  ];
}

function inWords(value, schema) {
  if (schema?.format === "date") return day(value);
  if (typeof value === "boolean") return t(value ? "field.yes" : "field.no");
  if (schema?.oneOf?.some((it) => it.const === value)) return wordFor(value, schema);
  if (typeof value === "number") return number(value, { maximumFractionDigits: 20 });
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
