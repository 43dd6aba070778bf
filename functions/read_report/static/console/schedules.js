// Schedules: what is ordered again and again, and when next.

import { call, get, post, SCHEDULES } from "./api.js";
import { button, el, heading } from "./dom.js";
import { has, momentIn, t } from "./language.js";
import { complain, say } from "./notice.js";
import { poll } from "./polling.js";
import { may } from "./session.js";
import { allTypes, titleOf } from "./types.js";

export function schedulesView(main, { query }) {
  const list = el("ol", { class: "schedules", role: "list" });
  const cursor = query.get("cursor") ?? "";
  main.append(
    heading(
      t("schedules.title"),
      may("generate") && el("a", { class: "button primary", href: "#/order?when=schedule" }, t("schedules.order")),
    ),
    el("p", { class: "loading" }, t("loading")),
    list,
  );
  let stop = look();
  return () => stop();

  function look() {
    return poll(
      async (signal) => {
        const [answer] = await Promise.all([get(SCHEDULES, { query: { cursor }, signal }), allTypes()]);
        if (!signal.aborted) fill(answer.body);
        return null;
      },
      (problem) => {
        main.querySelector(".loading")?.remove();
        if (problem.status === 404) main.append(el("p", { class: "plain" }, t("schedules.absent")));
        else complain(problem);
      },
    );
  }

  function fill({ data, meta = {} }) {
    main.querySelector(".loading")?.remove();
    main.querySelectorAll(".empty, .pages").forEach((it) => it.remove());
    list.replaceChildren(...data.map((it) => row(it, act)));
    if (!data.length)
      main.append(
        el("div", { class: "empty" }, el("h2", {}, t("schedules.none")), el("p", {}, t("schedules.none_lead"))),
      );
    const turns = [
      ["newer", meta.prev_cursor],
      ["older", meta.next_cursor],
    ].filter(([, at]) => at);
    if (turns.length)
      main.append(
        el(
          "nav",
          { class: "pages", "aria-label": t("reports.pages") },
          turns.map(([name, at]) =>
            el(
              "a",
              { class: `button secondary ${name}`, href: `#/schedules?cursor=${encodeURIComponent(at)}` },
              t(`reports.${name}`),
            ),
          ),
        ),
      );
  }

  async function act(name, schedule) {
    const key = document.activeElement?.dataset.key;
    try {
      const answer = await ACTS[name](`${SCHEDULES}/${schedule.uuid}`);
      if (name === "run") location.hash = `/reports/${answer.body.uuid}`;
      say(t(`schedules.done.${name}`, { name: schedule.name }));
    } catch (problem) {
      complain(problem);
    }
    stop();
    stop = look();
    document.querySelector(`[data-key="${key}"]`)?.focus();
  }
}

const ACTS = {
  pause: (path) => call("PATCH", path, { body: { is_active: false } }),
  resume: (path) => call("PATCH", path, { body: { is_active: true } }),
  run: (path) => post(`${path}/run`),
  delete: (path) => call("DELETE", path),
};

function row(schedule, act) {
  const names = [schedule.is_active ? "pause" : "resume", "run", "delete"];
  return el(
    "li",
    { class: "schedule" },
    el(
      "div",
      { class: "what" },
      el("h2", {}, schedule.name),
      el(
        "p",
        { class: "about" },
        aboutOf(schedule.report).map((text) => el("span", {}, text)),
        el("code", {}, schedule.expression),
      ),
      stateOf(schedule),
      lastOf(schedule),
    ),
    el("div", { class: "next" }, nextOf(schedule)),
    el(
      "div",
      { class: "buttons" },
      may("generate") &&
        names.map((name) =>
          button(t(`schedules.${name}`), () => act(name, schedule), {
            class: "secondary",
            "data-key": `${name}-${schedule.uuid}`,
            "aria-label": t("action.of", { action: t(`schedules.${name}`), title: schedule.name }),
          }),
        ),
    ),
  );
}

/** What it orders: the title where it is not the type's own, the type, the format. */
function aboutOf({ title, report_type: type, format }) {
  return [title === titleOf(type) ? null : title, titleOf(type), format && t(`format.${format}`)].filter(Boolean);
}

/** Why it does not run, where it does not. */
function stateOf({ is_active: isActive, pause }) {
  if (isActive) return null;
  const why = pause && (has(`schedules.why.${pause.code}`) ? t(`schedules.why.${pause.code}`) : pause.message);
  return el("p", { class: "status inactive" }, why ? t("schedules.paused_because", { why }) : t("schedules.paused"));
}

/** The reports of its last runs, newest first. */
function lastOf({ last_runs: runs = [], timezone }) {
  if (!runs.length) return null;
  return el(
    "p",
    { class: "about" },
    el("span", {}, t("schedules.reports")),
    runs
      .toReversed()
      .map((run) => el("a", { href: `#/reports/${run.report_uuid}` }, momentIn(run.scheduled_for, timezone))),
  );
}

function nextOf({ next_runs: runs = [], timezone, is_active: isActive }) {
  if (!isActive) return null;
  if (!runs.length) return el("p", { class: "hint" }, t("schedules.no_next"));
  return [
    el("h3", {}, t("schedules.next")),
    el(
      "ul",
      {},
      runs.map((run) => el("li", {}, el("time", { datetime: run }, momentIn(run, timezone)))),
    ),
    el("p", { class: "hint" }, t("schedules.in_zone", { zone: timezone.replaceAll("_", " ") })),
  ];
}
