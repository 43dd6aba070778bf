// The part of an order that says when: how often, at what time, in which zone, and which dates each run is about.

import { el } from "./dom.js";
import { field } from "./fields.js";
import { t } from "./language.js";

const RHYTHMS = {
  // EventBridge Scheduler's six fields: minutes, hours, day of month, month, day of week, year
  daily: "* * ? *",
  weekdays: "? * MON-FRI *",
  weekly: "? * MON *",
  monthly: "1 * ? *",
};
const PERIODS = {
  // relative dates, which the schedule resolves at the time of each run: first and last day
  yesterday: [{ $date: "-1 day" }, { $date: "-1 day" }],
  last_week: [
    { $date: "-1 week", anchor: "start" },
    { $date: "-1 week", anchor: "end" },
  ],
  last_month: [
    { $date: "-1 month", anchor: "start" },
    { $date: "-1 month", anchor: "end" },
  ],
  last_quarter: [
    { $date: "-1 quarter", anchor: "start" },
    { $date: "-1 quarter", anchor: "end" },
  ],
  this_month: [{ $date: "0 month", anchor: "start" }, { $date: "today" }],
  this_year: [{ $date: "0 year", anchor: "start" }, { $date: "today" }],
};

/**
 * `{element, fields, value, put, body, dates}`; `body(order)` is what the API makes a schedule of, `dates()` names the
 * parameters that each run works out for itself.
 */
export function rhythm(type) {
  const name = text("name", t("schedules.name"), { hint: t("schedules.name_hint") });
  const often = choice(
    "rhythm",
    t("schedules.rhythm"),
    [...Object.keys(RHYTHMS), "own"].map((it) => [it, t(`schedules.${it}`)]),
  );
  const at = text("at", t("schedules.at"), { type: "time", usual: "09:00" });
  const expression = text("expression", t("schedules.expression"), {
    hint: t("schedules.expression_hint"),
    usual: "cron(0 9 ? * MON-FRI *)",
  });
  const zone = choice(
    "timezone",
    t("schedules.zone"),
    zones().map((it) => [it, it.replaceAll("_", " ")]),
  );
  const pair = (type.parameters_schema["x-ordered"] ?? [])[0];
  const period =
    pair &&
    choice(
      "period",
      t("schedules.period"),
      ["fixed", ...Object.keys(PERIODS)].map((it) => [it, t(`schedules.period.${it}`)]),
    );
  zone.put(Intl.DateTimeFormat().resolvedOptions().timeZone);
  const fields = [name, often, at, expression, zone, period].filter(Boolean);
  const element = el(
    "div",
    { class: "fields rhythm", onchange: show },
    fields.map((it) => it.element),
  );
  show();
  return { element, fields, value, put, body, dates: () => Object.keys(periodOf(period?.value())) };

  function show() {
    expression.element.hidden = often.value() !== "own";
    at.element.hidden = often.value() === "own";
  }

  function value() {
    return Object.fromEntries(fields.map((it) => [it.name, it.value()]));
  }

  function put(values = {}) {
    for (const it of fields) if (values[it.name] !== undefined) it.put(values[it.name]);
    show();
  }

  function body(order) {
    return {
      name: name.value() ?? order.title,
      report: { ...order, parameters: { ...order.parameters, ...periodOf(period?.value()) } },
      expression: written(),
      timezone: zone.value(),
    };
  }

  function periodOf(chosen) {
    const days = PERIODS[chosen];
    return days ? { [pair[0]]: days[0], [pair[1]]: days[1] } : {};
  }

  function written() {
    if (often.value() === "own") return expression.value() ?? "";
    const [hour, minute] = (at.value() ?? "09:00").split(":").map(Number);
    return `cron(${minute} ${hour} ${RHYTHMS[often.value()]})`;
  }
}

function text(name, label, { type = "text", usual = "", ...rest }) {
  const control = el("input", { type, value: usual, autocomplete: "off" });
  return field(name, label, {
    ...rest,
    control,
    value: () => control.value.trim() || undefined,
    put: (value) => {
      control.value = value;
    },
  });
}

function choice(name, label, options) {
  const control = el(
    "select",
    {},
    options.map(([value, words]) => el("option", { value }, words)),
  );
  return field(name, label, {
    control,
    value: () => control.value,
    put: (value) => {
      control.value = value;
    },
  });
}

function zones() {
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return [...new Set(["UTC", here, ...Intl.supportedValuesOf("timeZone")])];
}
