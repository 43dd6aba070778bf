// The page's language: the browser's, or the one chosen. All words are in en.js and tr.js.

import en from "./en.js";
import tr from "./tr.js";

const KEY = "rapor.language";
const WORDS = { tr, en };
export const LANGUAGES = Object.keys(WORDS);

export function language() {
  const wanted = [localStorage.getItem(KEY), ...navigator.languages].map((tag) =>
    String(tag).slice(0, 2).toLowerCase(),
  );
  return wanted.find((tag) => LANGUAGES.includes(tag)) ?? "en";
}

export function speak(chosen) {
  localStorage.setItem(KEY, chosen);
}

/** The words under a key, with `{name}` filled in. */
export function t(key, values = {}) {
  const text = WORDS[language()][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** The words under a key for one, or for any other number. */
export function plural(key, count) {
  const isOne = new Intl.PluralRules(language()).select(count) === "one";
  return t(isOne ? `${key}_one` : key, { count: number(count) });
}

/** A language's name, in itself. */
export const nameOf = (tag) => WORDS[tag].name;

export const has = (key) => key in WORDS[language()];

export function number(value, options = {}) {
  return new Intl.NumberFormat(language(), options).format(value);
}

/** A number that came as text, with every digit it has. */
export function exact(text) {
  const digits = Math.min(text.split(".")[1]?.length ?? 0, 20);
  return number(text, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export const percent = (value) => number(value / 100, { style: "percent" });

export function bytes(count) {
  const units = ["byte", "kilobyte", "megabyte", "gigabyte"];
  const step = Math.min(Math.floor(Math.log10(Math.max(count, 1)) / 3), units.length - 1);
  const value = count / 1000 ** step;
  return number(value, {
    style: "unit",
    unit: units[step],
    unitDisplay: step ? "short" : "long",
    maximumFractionDigits: step && value < 10 ? 1 : 0,
  });
}

export function seconds(count) {
  return number(Math.max(1, Math.ceil(count)), { style: "unit", unit: "second", unitDisplay: "long" });
}

export const moment = (iso) => formatted(iso, { dateStyle: "medium", timeStyle: "short" });
export const day = (iso) => formatted(`${iso}T00:00:00Z`, { dateStyle: "medium", timeZone: "UTC" });

/** A moment of the data's, as documents have it: in UTC. */
export const stamp = (iso) => formatted(iso, { dateStyle: "medium", timeStyle: "medium", timeZone: "UTC" });

export function momentIn(iso, timeZone) {
  return formatted(iso, {
    weekday: "short",
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    timeZone,
  });
}

function formatted(text, options) {
  const parsed = new Date(text);
  return Number.isNaN(parsed.getTime()) ? String(text) : new Intl.DateTimeFormat(language(), options).format(parsed);
}

/** How long ago, in words. */
export function ago(iso) {
  const elapsed = (new Date(iso) - Date.now()) / 1000;
  const [unit, length] = [
    ["day", 86400],
    ["hour", 3600],
    ["minute", 60],
  ].find(([, size]) => Math.abs(elapsed) >= size) ?? ["second", 1];
  if (unit === "day" && Math.abs(elapsed) > 6 * 86400) return day(iso.slice(0, 10));
  if (unit === "second") return t("time.now");
  return new Intl.RelativeTimeFormat(language(), { numeric: "auto" }).format(Math.round(elapsed / length), unit);
}

/** A server's sentence about a field, in the page's language where we know the sentence. */
export function sentence(english) {
  for (const [form, words] of WORDS[language()].sentences) {
    const found = form.exec(english);
    if (found) return words.replace(/\$(\d)/g, (_, place) => found[place]);
  }
  return english;
}

/** What to tell about an API's error, or a report's: by its code, else in the server's words. */
export function problemText(problem) {
  const known = `problem.${problem.code}`;
  const text = has(known) ? t(known) : problem.message || t("problem.unknown");
  return problem.requestId && problem.status >= 500 ? `${text} (${problem.requestId})` : text;
}
