// The list: newest first, page by page, with what is being made moving on.

import { get, REPORTS } from "./api.js";
import { actions, whenChanged } from "./actions.js";
import { el, heading, replace } from "./dom.js";
import { filters } from "./filters.js";
import { ago, bytes, moment, plural, t } from "./language.js";
import { complain } from "./notice.js";
import { pauseOf, poll } from "./polling.js";
import { claims, may } from "./session.js";
import { badge, isMoving, progress } from "./status.js";
import { allTypes, titleOf } from "./types.js";

const PER_PAGE = 15;

export function reportsView(main, { query }) {
  let asked = Object.fromEntries(query);
  const list = el("ol", { class: "reports", role: "list", "aria-label": t("reports.list"), "aria-busy": "true" });
  const pages = el("nav", { class: "pages", "aria-label": t("reports.pages") });
  const empty = el("div", { class: "empty", hidden: true });
  main.append(
    heading(t("reports.title")),
    filters(asked, narrow),
    el("p", { class: "loading" }, t("loading")),
    list,
    empty,
    pages,
  );
  const shown = new Map();
  let stop = look();
  const seen = () => {
    if (!document.hidden) again();
  };
  document.addEventListener("visibilitychange", seen);
  const deafen = whenChanged(({ name }) => {
    if (name !== "download") again();
  });
  return () => {
    stop();
    deafen();
    document.removeEventListener("visibilitychange", seen);
  };

  /** Look until nothing on the page moves. */
  function look() {
    return poll(
      async (signal) => {
        const answer = await get(REPORTS, { query: { ...asked, per_page: PER_PAGE }, signal });
        await allTypes(); // for their titles
        if (signal.aborted) return null;
        fill(answer.body);
        return answer.body.data.some(isMoving) ? pauseOf(answer) : null;
      },
      (problem) => {
        main.querySelector(".loading")?.remove();
        complain(problem);
      },
    );
  }

  /** Ask for others. The address says so, so that Back works and the list can be sent on; the form stays. */
  function narrow(wanted) {
    asked = wanted;
    history.pushState(null, "", address(asked));
    again();
  }

  function again() {
    stop();
    stop = look();
  }

  function fill({ data, meta }) {
    main.querySelector(".loading")?.remove();
    list.setAttribute("aria-busy", "false");
    for (const [uuid, { row }] of shown) {
      if (!data.some((it) => it.uuid === uuid)) {
        row.remove();
        shown.delete(uuid);
      }
    }
    data.forEach((report, place) => put(report, place));
    empty.hidden = data.length > 0;
    if (!data.length) empty.replaceChildren(...nothing(asked));
    pages.replaceChildren(...turns(asked, meta));
  }

  function put(report, place) {
    const text = JSON.stringify([report, ago(report.created_at)]);
    const before = shown.get(report.uuid);
    if (before?.text !== text) {
      const fresh = row(report);
      if (before) replace(before.row, fresh);
      shown.set(report.uuid, { text, row: fresh });
    }
    const current = shown.get(report.uuid).row;
    if (list.children[place] !== current) list.insertBefore(current, list.children[place] ?? null);
  }
}

function row(report) {
  const { result } = report;
  const isMine = String(report.user_id) === String(claims()?.sub);
  const about = [
    titleOf(report.report_type),
    t(`format.${report.format}`),
    result && plural("reports.rows", result.row_count),
    result && bytes(result.size_bytes),
    isMine ? null : t("reports.of", { user: report.user_id }),
  ];
  return el(
    "li",
    { class: report.deleted_at ? "report trashed" : "report" },
    el(
      "div",
      { class: "what" },
      el("h2", {}, el("a", { href: `#/reports/${report.uuid}`, "data-key": `open-${report.uuid}` }, report.title)),
      el(
        "p",
        { class: "about" },
        about.filter(Boolean).map((text) => el("span", {}, text)),
      ),
    ),
    el(
      "div",
      { class: "how" },
      badge(report),
      el("time", { datetime: report.created_at, title: moment(report.created_at) }, ago(report.created_at)),
    ),
    el("div", { class: "do" }, actions(report, ["download", "restore", "retry", "cancel"]).slice(0, 1)),
    progress(report),
  );
}

function nothing(asked) {
  const isFiltered = Object.keys(asked).length > 0;
  return [
    el("h2", {}, t(isFiltered ? "reports.none_found" : "reports.none")),
    el("p", {}, t(isFiltered ? "reports.none_found_lead" : "reports.none_lead")),
    isFiltered ? null : may("generate") && el("a", { class: "button primary", href: "#/order" }, t("nav.order")),
  ].filter(Boolean);
}

function turns(asked, { prev_cursor: newer, next_cursor: older }) {
  return [
    ["newer", newer],
    ["older", older],
  ]
    .filter(([, cursor]) => cursor)
    .map(([name, cursor]) =>
      el("a", { class: `button secondary ${name}`, href: address({ ...asked, cursor }) }, t(`reports.${name}`)),
    );
}

const address = (asked) => `#/reports?${new URLSearchParams(asked)}`;
