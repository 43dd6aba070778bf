// The first rows of a document that is still coming in: each a list of texts, in the order of the columns.

export const MOST_ROWS = 50;
const MOST_CHARACTERS = 400_000; // enough for the first rows of anything

/** Read as far as the first rows go, and let the rest go. */
export async function firstRows(report, stream) {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  let isWhole = false;
  while (text.length < MOST_CHARACTERS && !isWhole) {
    const { done, value = "" } = await reader.read();
    text += value;
    isWhole = done;
    if (lineEnds(text) > 2 * MOST_ROWS) break;
  }
  if (!isWhole) await reader.cancel();
  const read = report.format === "json" ? rowsOfJson : rowsOfCsv;
  return read(text, isWhole, report).slice(0, MOST_ROWS);
}

function lineEnds(text) {
  return text.split("\n", 2 * MOST_ROWS + 2).length - 1;
}

/** A row is an object on a line of its own (see rapor/documents/json.py); a line that is not whole is left out. */
export function rowsOfJson(text, isWhole, report) {
  const names = report.result.columns.map((column) => column.name);
  const lines = text
    .slice(text.indexOf('"rows":[') + '"rows":['.length)
    .split("\n")
    .slice(1);
  if (!isWhole) lines.pop();
  return lines
    .filter((line) => line.startsWith("{"))
    .map((line) => {
      const row = JSON.parse(line.replace(/,$/, ""), asWritten);
      return names.map((name) => row[name] ?? null);
    });
}

/** Numbers keep the digits they were written with, where the browser tells them. */
function asWritten(_, value, context) {
  return typeof value === "number" ? (context?.source ?? String(value)) : value;
}

/** RFC 4180, with the delimiter and decimal mark that were ordered; empty fields without quotes are null. */
export function rowsOfCsv(text, isWhole, report) {
  const { delimiter = ",", decimal = "." } = report.options?.csv ?? {};
  const records = [];
  let record = [];
  let at = text.startsWith("\ufeff") ? 1 : 0;
  while (at < text.length) {
    const field = text[at] === '"' ? quoted(text, at) : plain(text, at, delimiter);
    if (!field) break; // its end has not come
    record.push(field.value);
    at = field.end;
    if (text[at] === delimiter) {
      at += 1;
      continue;
    }
    if (text.startsWith("\r\n", at)) {
      records.push(record);
      record = [];
      at += 2;
      continue;
    }
    break;
  }
  if (isWhole && record.length) records.push(record);
  const isDecimal = report.result.columns.map((column) => column.type === "decimal" && decimal !== ".");
  return records
    .slice(1)
    .map((row) => row.map((value, place) => (isDecimal[place] ? (value?.replace(decimal, ".") ?? null) : value)));
}

function quoted(text, start) {
  let value = "";
  for (let at = start + 1; ;) {
    const end = text.indexOf('"', at);
    if (end < 0) return null;
    value += text.slice(at, end);
    if (text[end + 1] !== '"') return { value, end: end + 1 };
    value += '"';
    at = end + 2;
  }
}

function plain(text, start, delimiter) {
  let end = start;
  while (end < text.length && text[end] !== delimiter && text[end] !== "\r") end += 1;
  return { value: text.slice(start, end) || null, end };
}
