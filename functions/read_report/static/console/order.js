// Ordering: a type, its parameters, a format, a language; an estimate before, and on a schedule where there are any.

import { post, REPORTS, SCHEDULES } from "./api.js";
import { button, el, heading } from "./dom.js";
import { estimate } from "./estimate.js";
import { complainBeside, field, parameterField, radioField } from "./fields.js";
import { language, LANGUAGES, nameOf, plural, sentence, t } from "./language.js";
import { complain, say } from "./notice.js";
import { hasSchedules, rhythm } from "./rhythm.js";
import { may } from "./session.js";
import { allTypes } from "./types.js";

/** What is being filled in: it stays when the language is switched, or another page looked at. */
let draft = {};

/** Begin with an earlier order's choices. */
export function draftFrom(report) {
  draft = { report_type: report.report_type, title: report.title, parameters: { ...report.parameters }, format: report.format, options: report.options ?? {} };
}

export function orderView(main, { query }) {
  main.append(heading(t("order.title")), el("p", { class: "loading" }, t("loading")));
  let isGone = false;
  Promise.all([allTypes(), hasSchedules()]).then(([types, schedulable]) => {
    if (!isGone) fill(types, schedulable);
  }).catch((problem) => { main.querySelector(".loading")?.remove(); complain(problem); });
  return () => { isGone = true; };

  function fill(types, schedulable) {
    main.querySelector(".loading").remove();
    const open = types.filter((it) => it.can_order);
    if (!may("generate")) main.append(el("p", { class: "plain" }, t("order.forbidden")));
    else if (!open.length) main.append(el("p", {}, t("order.none")), el("p", {}, t("order.none_lead")));
    else main.append(form(types, open, schedulable, query.get("when")));
  }
}

function form(types, open, schedulable, when) {
  const chosen = open.find((it) => it.name === draft.report_type) ?? open[0];
  const place = el("div", { class: "order-rest" });
  const cards = el("fieldset", { class: "types" }, el("legend", {}, t("order.which")), types.map((it) => card(it, chosen)));
  const element = el("form", { class: "order-form", novalidate: true, autocomplete: "off" }, cards, place);
  cards.addEventListener("change", (event) => choose(types.find((it) => it.name === event.target.value)));
  choose(chosen);
  return element;

  function choose(type) {
    if (draft.report_type !== type.name) draft = { report_type: type.name };
    place.replaceChildren(rest(element, type, schedulable, when));
  }
}

function card(type, chosen) {
  return el("label", { class: "type" },
    el("input", { type: "radio", name: "report_type", value: type.name, checked: type === chosen, disabled: !type.can_order }),
    el("span", { class: "type-title" }, type.title),
    el("span", { class: "type-about" }, type.can_order ? type.description : t("order.closed")));
}

/** The form below the type: made anew for each. */
function rest(form, type, schedulable, when) {
  const title = titleField(type);
  const parameters = parameterFields(type);
  const format = radioField("format", t("order.format"), type.formats.map((it) => [it, t(`format.${it}`)]));
  const locale = radioField("options.locale", t("order.locale"), LANGUAGES.map((it) => [it, nameOf(it)]));
  const csv = csvFields();
  const truncate = checkField("options.allow_truncated", t("order.truncate"));
  const schedule = schedulable ? rhythm(type) : null;
  const time = schedulable ? radioField("when", t("order.when"), [["now", t("order.now")], ["schedule", t("order.on_schedule")]]) : null;
  const fields = [title, ...parameters, format, locale, ...csv, truncate, ...(schedule?.fields ?? [])];
  fill();
  const wrong = el("div", { class: "summary", role: "alert" });
  const csvPart = el("details", { class: "more" }, el("summary", {}, t("order.more")), el("div", { class: "fields" }, csv.map((it) => it.element)));
  const guess = estimate({ body, fits: (name) => { format.put(name); show(); guess.run(); }, truncate: truncate.element, wrong: refuse });
  const submit = el("button", { class: "primary" }, t("order.submit"));
  const part = el("div", { class: "order-columns" },
    el("div", { class: "order-fields" },
      section(t("order.details"), title.element),
      section(t("order.parameters"), parameters.length ? el("div", { class: "fields" }, parameters.map((it) => it.element)) : el("p", { class: "hint" }, t("order.no_parameters"))),
      section(null, el("div", { class: "row" }, format.element, locale.element), csvPart),
      time && section(null, time.element, schedule.element)),
    el("aside", { class: "order-side" }, guess.element, wrong, el("div", { class: "buttons" }, submit, button(t("order.estimate"), guess.run, { class: "secondary", "data-key": "estimate" }))));
  part.addEventListener("input", () => { remember(); show(); guess.forget(); });
  form.onsubmit = order;
  show();
  return part;

  function fill() {
    const { parameters: values = {}, options = {} } = draft;
    title.put(draft.title ?? type.title);
    for (const it of parameters) if (it.key in values) it.put(values[it.key]);
    format.put(type.formats.includes(draft.format) ? draft.format : type.default_format);
    locale.put(options.locale ?? language());
    for (const it of csv) it.put(options.csv?.[it.key] ?? it.usual);
    truncate.put(options.allow_truncated);
    time?.put(draft.when ?? when ?? "now");
    schedule?.put(draft.schedule);
  }

  function remember() {
    const isOwnTitle = title.value() !== type.title; // the type's own is in the page's language
    draft = { ...body(), title: isOwnTitle ? title.value() ?? "" : undefined, when: time?.value(), schedule: schedule?.value() };
  }

  function show() {
    const isScheduled = time?.value() === "schedule";
    csvPart.hidden = format.value() !== "csv";
    if (schedule) schedule.element.hidden = !isScheduled;
    const worked = isScheduled ? schedule.dates() : [];
    for (const it of parameters) it.element.hidden = worked.includes(it.key);
    submit.textContent = t(isScheduled ? "order.schedule" : "order.submit");
  }

  function body() {
    const options = { locale: locale.value() };
    const unusual = csv.filter((it) => it.value() !== it.usual);
    if (format.value() === "csv" && unusual.length) options.csv = Object.fromEntries(unusual.map((it) => [it.key, it.value()]));
    if (truncate.value()) options.allow_truncated = true;
    const given = parameters.map((it) => [it.key, it.value()]).filter(([, value]) => value !== undefined);
    return { title: title.value() ?? "", report_type: type.name, parameters: Object.fromEntries(given), format: format.value(), options };
  }

  async function order(event) {
    event.preventDefault();
    if (submit.getAttribute("aria-busy") === "true") return;
    submit.setAttribute("aria-busy", "true");
    refuse({});
    try {
      await (time?.value() === "schedule" ? orderOnSchedule() : orderNow());
    } catch (problem) {
      if (problem.status === 422) refuse(problem.errors);
      else complain(problem);
    } finally {
      submit.removeAttribute("aria-busy");
    }
  }

  async function orderNow() {
    const order = body();
    const answer = await post(REPORTS, { body: order, headers: { "Idempotency-Key": keyFor(order) } });
    draft = {};
    sent = { text: "", key: "" }; // the same once more is another report
    location.hash = `/reports/${answer.body.uuid}`;
  }

  async function orderOnSchedule() {
    const answer = await post(SCHEDULES, { body: schedule.body(body()) });
    draft = {};
    location.hash = "/schedules";
    say(t("schedules.done.created", { name: answer.body.name ?? answer.body.data?.name }));
  }

  /** Put errors beside their fields, and say how many there are; none takes them away. */
  function refuse(errors) {
    const own = Object.fromEntries(Object.entries(errors).map(([name, said]) => [name.replace(/^report\./, ""), said]));
    const { wrong: count, others } = complainBeside(fields, own);
    const words = count ? [plural("order.wrong", count)] : [];
    wrong.replaceChildren(...[...words, ...others.map(sentence)].map((text) => el("p", {}, text)));
  }
}

/** The same order has the same key, so that sending it twice is ordering once. */
let sent = { text: "", key: "" };
function keyFor(order) {
  const text = JSON.stringify(order);
  if (sent.text !== text) sent = { text, key: crypto.randomUUID() };
  return sent.key;
}

function section(title, ...children) {
  return el("section", {}, title && el("h2", {}, title), children);
}

function titleField() {
  const control = el("input", { type: "text", maxlength: 255 });
  return field("title", t("order.report_title"), {
    control, hint: t("order.title_hint"), isRequired: true,
    value: () => control.value.trim() || undefined,
    put: (value) => { control.value = value ?? ""; },
  });
}

function parameterFields(type) {
  const { properties = {}, required = [] } = type.parameters_schema;
  return Object.entries(properties).map(([key, schema]) => ({ ...parameterField(key, schema, required.includes(key)), key, schema }));
}

function csvFields() {
  const select = (key, usual, options) => {
    const control = el("select", {}, options.map(([value, words]) => el("option", { value }, t(`order.${key}.${words}`))));
    return { key, usual, ...field(`options.csv.${key}`, t(`order.${key}`), { control, value: () => control.value, put: (value) => { control.value = value; } }) };
  };
  return [
    select("delimiter", ",", [[",", "comma"], [";", "semicolon"], ["\t", "tab"], ["|", "pipe"]]),
    select("decimal", ".", [[".", "point"], [",", "comma"]]),
    { key: "bom", usual: false, ...checkField("options.csv.bom", t("order.bom")) },
  ];
}

function checkField(name, label) {
  const control = el("input", { type: "checkbox" });
  const it = field(name, label, { control, value: () => control.checked, put: (value) => { control.checked = value === true; } });
  it.element.classList.add("check");
  return it;
}
