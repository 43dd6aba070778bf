// The form for one report type: its fields, what they come to as the API's body, and sending it.

import { post, REPORTS, SCHEDULES } from "./api.js";
import { button, el } from "./dom.js";
import { draft } from "./draft.js";
import { estimate } from "./estimate.js";
import { checkField, complainBeside, field, parameterField, radioField } from "./fields.js";
import { language, LANGUAGES, nameOf, plural, sentence, t } from "./language.js";
import { complain, say } from "./notice.js";
import { rhythm } from "./rhythm.js";

export function orderForm(type, when) {
  const fields = fieldsOf(type);
  fill(fields, type, when);
  const wrong = el("div", { class: "summary", role: "alert" });
  const submit = el("button", { class: "primary" });
  const csv = csvPart(fields);
  const guess = estimate({ body: () => bodyOf(fields, type), use: useFormat, truncate: fields.truncate, refuse });
  show();
  return el(
    "form",
    { class: "order-columns", novalidate: true, autocomplete: "off", oninput: changed, onsubmit: order },
    el(
      "div",
      { class: "order-fields" },
      section(t("order.details"), fields.title.element),
      section(
        t("order.parameters"),
        fields.parameters.length ? grid(fields.parameters) : el("p", { class: "hint" }, t("order.no_parameters")),
      ),
      section(null, el("div", { class: "row" }, fields.format.element, fields.locale.element), csv),
      section(null, fields.time.element, fields.schedule.element),
    ),
    el(
      "aside",
      { class: "order-side" },
      guess.element,
      wrong,
      el("div", { class: "buttons" }, submit, button(t("order.estimate"), guess.run, { class: "secondary" })),
    ),
  );

  function changed() {
    draft.current = draftOf(fields, type);
    show();
    guess.forget();
  }

  function useFormat(name) {
    fields.format.put(name);
    changed();
    return guess.run();
  }

  function show() {
    const isScheduled = fields.time.value() === "schedule";
    const worked = isScheduled ? fields.schedule.dates() : [];
    for (const it of fields.parameters) it.element.hidden = worked.includes(it.key);
    fields.schedule.element.hidden = !isScheduled;
    csv.hidden = fields.format.value() !== "csv";
    submit.textContent = t(isScheduled ? "order.schedule" : "order.submit");
  }

  async function order(event) {
    event.preventDefault();
    if (submit.getAttribute("aria-busy") === "true") return;
    submit.setAttribute("aria-busy", "true");
    refuse({});
    try {
      await (fields.time.value() === "schedule"
        ? sendSchedule(fields.schedule.body(bodyOf(fields, type)))
        : sendOrder(bodyOf(fields, type)));
    } catch (problem) {
      if (problem.status === 422) refuse(problem.errors);
      else complain(problem);
    } finally {
      submit.removeAttribute("aria-busy");
    }
  }

  /** Put errors beside their fields, and say how many there are; none takes them away. */
  function refuse(errors) {
    const own = Object.fromEntries(Object.entries(errors).map(([name, said]) => [name.replace(/^report\./, ""), said]));
    const { wrong: count, others } = complainBeside(allOf(fields), own);
    const words = count ? [plural("order.wrong", count)] : [];
    wrong.replaceChildren(...[...words, ...others.map(sentence)].map((text) => el("p", {}, text)));
  }
}

async function sendOrder(body) {
  const answer = await post(REPORTS, { body, headers: { "Idempotency-Key": keyFor(body) } });
  sent = { text: "", key: "" }; // the same once more is another report
  draft.current = {};
  location.hash = `/reports/${answer.body.uuid}`;
}

async function sendSchedule(body) {
  await post(SCHEDULES, { body });
  draft.current = {};
  location.hash = "/schedules";
  say(t("schedules.done.created", { name: body.name }));
}

/** The same order has the same key, so that sending it twice is ordering once. */
let sent = { text: "", key: "" };
function keyFor(body) {
  const text = JSON.stringify(body);
  if (sent.text !== text) sent = { text, key: crypto.randomUUID() };
  return sent.key;
}

// -- fields, and what they hold

function fieldsOf(type) {
  return {
    title: titleField(),
    parameters: parameterFields(type),
    format: radioField(
      "format",
      t("order.format"),
      type.formats.map((it) => [it, t(`format.${it}`)]),
    ),
    locale: radioField(
      "options.locale",
      t("order.locale"),
      LANGUAGES.map((it) => [it, nameOf(it)]),
    ),
    csv: csvFields(),
    truncate: checkField("options.allow_truncated", t("order.truncate")),
    time: radioField("when", t("order.when"), [
      ["now", t("order.now")],
      ["schedule", t("order.on_schedule")],
    ]),
    schedule: rhythm(type),
  };
}

const allOf = ({ title, parameters, format, locale, csv, truncate, schedule }) => [
  title,
  ...parameters,
  format,
  locale,
  ...csv,
  truncate,
  ...schedule.fields,
];

/** What was being filled in, else what is usual. */
function fill(fields, type, when) {
  const { title, parameters = {}, format, options = {}, time, schedule } = draft.current;
  fields.title.put(title ?? type.title);
  for (const it of fields.parameters) if (it.key in parameters) it.put(parameters[it.key]);
  fields.format.put(type.formats.includes(format) ? format : type.default_format);
  fields.locale.put(options.locale ?? language());
  for (const it of fields.csv) it.put(options.csv?.[it.key] ?? it.usual);
  fields.truncate.put(options.allow_truncated);
  fields.time.put(when ?? time ?? "now");
  fields.schedule.put(schedule);
}

function draftOf(fields, type) {
  const isOwnTitle = fields.title.value() !== type.title; // the type's own is in the page's language
  const title = isOwnTitle ? (fields.title.value() ?? "") : undefined;
  return { ...bodyOf(fields, type), title, time: fields.time.value(), schedule: fields.schedule.value() };
}

function bodyOf({ title, parameters, format, locale, csv, truncate }, type) {
  const options = { locale: locale.value() };
  const unusual = csv.filter((it) => it.value() !== it.usual);
  if (format.value() === "csv" && unusual.length)
    options.csv = Object.fromEntries(unusual.map((it) => [it.key, it.value()]));
  if (truncate.value()) options.allow_truncated = true;
  const given = parameters.map((it) => [it.key, it.value()]).filter(([, value]) => value !== undefined);
  return {
    title: title.value() ?? "",
    report_type: type.name,
    parameters: Object.fromEntries(given),
    format: format.value(),
    options,
  };
}

function titleField() {
  const control = el("input", { type: "text", maxlength: 255 });
  return field("title", t("order.report_title"), {
    control,
    hint: t("order.title_hint"),
    isRequired: true,
    value: () => control.value.trim() || undefined,
    put: (value) => {
      control.value = value ?? "";
    },
  });
}

function parameterFields(type) {
  const { properties = {}, required = [] } = type.parameters_schema;
  return Object.entries(properties).map(([key, schema]) => ({
    ...parameterField(key, schema, required.includes(key)),
    key,
  }));
}

function csvFields() {
  const select = (key, usual, options) => {
    const control = el(
      "select",
      {},
      options.map(([value, words]) => el("option", { value }, t(`order.${key}.${words}`))),
    );
    return {
      key,
      usual,
      ...field(`options.csv.${key}`, t(`order.${key}`), {
        control,
        value: () => control.value,
        put: (value) => {
          control.value = value;
        },
      }),
    };
  };
  return [
    select("delimiter", ",", [
      [",", "comma"],
      [";", "semicolon"],
      ["\t", "tab"],
      ["|", "pipe"],
    ]),
    select("decimal", ".", [
      [".", "point"],
      [",", "comma"],
    ]),
    { key: "bom", usual: false, ...checkField("options.csv.bom", t("order.bom")) },
  ];
}

// -- where they stand

function section(title, ...children) {
  return el("section", {}, title && el("h2", {}, title), children);
}

const grid = (fields) =>
  el(
    "div",
    { class: "fields" },
    fields.map((it) => it.element),
  );

const csvPart = ({ csv }) => el("details", { class: "more" }, el("summary", {}, t("order.more")), grid(csv));
