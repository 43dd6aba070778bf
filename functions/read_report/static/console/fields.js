// Form fields from JSON Schema: one function a kind. The server checks; what it says stands beside the field.

import { el } from "./dom.js";
import { number, sentence, t } from "./language.js";

/** A label above a control that has an id. */
export function labelled(label, control) {
  return el("div", { class: "field" }, el("label", { for: control.id }, label), control);
}

/**
 * A field `{name, element, value(), put(value), complain(sentences)}`; `name` is as the API's errors name it. An empty
 * field has no value: undefined.
 */
export function field(name, label, { control, hint = null, isRequired = false, value, put }) {
  const id = `field-${name}`;
  const isGroup = control.tagName === "FIELDSET";
  const wrong = el("p", { class: "error", id: `${id}-error` });
  const told = [hint && `${id}-hint`, wrong.id].filter(Boolean).join(" ");
  const mark = isRequired && el("span", { class: "required" }, ` ${t("field.required")}`);
  control.id = id;
  control.setAttribute("aria-describedby", told);
  if (isRequired && !isGroup) control.setAttribute("aria-required", "true");
  if (isGroup) control.prepend(el("legend", {}, label, mark));
  const element = el(
    "div",
    { class: "field", "data-field": name },
    !isGroup && el("label", { for: id }, label, mark),
    hint && el("p", { class: "hint", id: `${id}-hint` }, hint),
    control,
    wrong,
  );
  return { name, element, value, put, focus: () => focusable(control).focus(), complain };

  function complain(sentences) {
    wrong.textContent = sentences.map(sentence).join(" ");
    element.classList.toggle("wrong", sentences.length > 0);
    if (sentences.length) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
    if (isGroup) control.removeAttribute("aria-invalid"); // a group has no such state
  }
}

const focusable = (control) =>
  control.tagName === "FIELDSET" ? control.querySelector("input:checked, input") : control;

/** The field for a parameter of a report type. */
export function parameterField(name, schema, isRequired) {
  const kind = kindOf(schema);
  const made = KINDS[kind](schema, isRequired, name);
  const hints = [schema.description, made.hint, limitsOf(schema)].filter(Boolean).join(" ");
  const it = field(`parameters.${name}`, schema.title ?? name, { ...made, hint: hints || null, isRequired });
  if (schema.default !== undefined && schema.default !== null) it.put(schema.default);
  return it;
}

function kindOf(schema) {
  const type = [schema.type].flat().find((it) => it !== "null");
  if (schema.const !== undefined || schema.enum) return "choice";
  if (type === "string") return { date: "date", "date-time": "moment" }[schema.format] ?? "text";
  if (type === "array") return schema.items?.enum ? "several" : "lines";
  return { integer: "number", number: "number", boolean: "boolean" }[type] ?? "json";
}

const KINDS = {
  text: (schema) => textField(el("input", { type: "text", autocomplete: "off", placeholder: schema.examples?.[0] })),
  date: () => textField(el("input", { type: "date" })),
  moment: momentField,
  number: numberField,
  choice: choiceField,
  boolean: booleanField,
  several: severalField,
  lines: linesField,
  json: jsonField,
};

function textField(control) {
  return {
    control,
    value: () => control.value || undefined,
    put: (value) => {
      control.value = value ?? "";
    },
  };
}

/** A moment is chosen in the browser's zone, and sent in UTC. */
function momentField() {
  const control = el("input", { type: "datetime-local" });
  return {
    control,
    value: () => (control.value ? new Date(control.value).toISOString() : undefined),
    put: (value) => {
      const when = new Date(value);
      control.value = value ? new Date(when - when.getTimezoneOffset() * 60_000).toISOString().slice(0, 16) : "";
    },
  };
}

/** What is no number is sent as it is: the server has the words for it. */
function numberField(schema) {
  const control = el("input", {
    type: "text",
    inputmode: schema.type === "integer" ? "numeric" : "decimal",
    autocomplete: "off",
  });
  return {
    control,
    value: () => {
      const text = control.value.trim().replace(",", ".");
      return text === "" ? undefined : Number.isFinite(Number(text)) ? Number(text) : control.value;
    },
    put: (value) => {
      control.value = value ?? "";
    },
  };
}

/** The word for a code: its `title`, where the schema has one. */
export function wordFor(code, schema) {
  return String(schema?.oneOf?.find((it) => it.const === code)?.title ?? code);
}

function choiceField(schema, isRequired) {
  const values = (schema.enum ?? [schema.const]).filter((it) => it !== null);
  const control = el(
    "select",
    {},
    el("option", { value: "" }, t(isRequired ? "field.choose" : "field.any")),
    values.map((it, place) => el("option", { value: place }, wordFor(it, schema))),
  );
  return {
    control,
    value: () => values[control.value === "" ? -1 : Number(control.value)],
    put: (value) => {
      control.value = values.includes(value) ? values.indexOf(value) : "";
    },
  };
}

/** Yes, no, or nothing said; a box to tick where there is a default. */
function booleanField(schema) {
  if (schema.default === undefined)
    return choiceOf([
      [true, t("field.yes")],
      [false, t("field.no")],
    ]);
  const control = el("input", { type: "checkbox" });
  return {
    control,
    value: () => control.checked,
    put: (value) => {
      control.checked = value === true;
    },
  };
}

function choiceOf(options) {
  const control = el(
    "select",
    {},
    el("option", { value: "" }, t("field.any")),
    options.map(([value, label]) => el("option", { value: String(value) }, label)),
  );
  return {
    control,
    value: () => options.find(([value]) => String(value) === control.value)?.[0],
    put: (value) => {
      control.value = value === undefined || value === null ? "" : String(value);
    },
  };
}

function severalField(schema, _, name) {
  const boxes = schema.items.enum.map((it) => el("input", { type: "checkbox", name, value: it }));
  return {
    control: el(
      "fieldset",
      { class: "choices" },
      boxes.map((box, place) => el("label", { class: "check" }, box, wordFor(schema.items.enum[place], schema.items))),
    ),
    value: () => {
      const on = schema.items.enum.filter((_it, place) => boxes[place].checked);
      return on.length ? on : undefined;
    },
    put: (value) =>
      boxes.forEach((box, place) => {
        box.checked = (value ?? []).includes(schema.items.enum[place]);
      }),
  };
}

function linesField(schema) {
  const control = el("textarea", { rows: 4 });
  const isNumber = ["integer", "number"].includes(schema.items?.type);
  const read = (line) => (isNumber && Number.isFinite(Number(line)) ? Number(line) : line);
  return {
    control,
    hint: t("field.lines"),
    value: () => {
      const lines = control.value
        .split("\n")
        .map((it) => it.trim())
        .filter(Boolean)
        .map(read);
      return lines.length ? lines : undefined;
    },
    put: (value) => {
      control.value = (value ?? []).join("\n");
    },
  };
}

/** What we have no form for; what is no JSON is sent as text, and the server says what it should be. */
function jsonField() {
  const control = el("textarea", { rows: 4, spellcheck: "false" });
  return {
    control,
    hint: t("field.json"),
    value: () => {
      if (!control.value.trim()) return undefined;
      try {
        return JSON.parse(control.value);
      } catch {
        return control.value;
      }
    },
    put: (value) => {
      control.value = value === undefined || value === null ? "" : JSON.stringify(value, null, 2);
    },
  };
}

function limitsOf({ minimum, maximum }) {
  const [least, most] = [minimum, maximum].map((it) => (it === undefined ? null : number(it)));
  if (least !== null && most !== null) return t("field.between", { least, most });
  if (least !== null) return t("field.at_least", { least });
  return most !== null ? t("field.at_most", { most }) : null;
}

/** One of a few, side by side; `options` are values and labels. */
export function radioField(name, label, options, { hint = null } = {}) {
  const boxes = options.map(([value]) => el("input", { type: "radio", name, value }));
  boxes[0].checked = true;
  const control = el(
    "fieldset",
    { class: "segments" },
    el(
      "div",
      { class: "segments-row" },
      boxes.map((box, place) => el("label", {}, box, el("span", {}, options[place][1]))),
    ),
  );
  return field(name, label, {
    control,
    hint,
    value: () => boxes.find((box) => box.checked)?.value,
    put: (value) =>
      boxes.forEach((box) => {
        box.checked = box.value === value;
      }),
  });
}

/** A box to tick. */
export function checkField(name, label) {
  const control = el("input", { type: "checkbox" });
  const it = field(name, label, {
    control,
    value: () => control.checked,
    put: (value) => {
      control.checked = value === true;
    },
  });
  it.element.classList.add("check");
  return it;
}

/**
 * Show the server's errors beside their fields, and go to the first. An error deeper in a value stands beside the value;
 * gives the sentences that belong to no field here.
 */
export function complainBeside(fields, errors) {
  const belongs = (it, name) => name === it.name || name.startsWith(`${it.name}.`);
  const others = Object.entries(errors)
    .filter(([name]) => !fields.some((it) => belongs(it, name)))
    .flatMap(([, sentences]) => sentences);
  const wrong = fields.filter((it) => {
    const sentences = Object.entries(errors)
      .filter(([name]) => belongs(it, name))
      .flatMap(([, said]) => said);
    it.complain(sentences);
    return sentences.length > 0;
  });
  wrong[0]?.focus();
  return { wrong: wrong.length, others };
}
