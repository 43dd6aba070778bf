// The public API, and nothing else. Addresses are relative to the page, which the same gateway serves.

import { language } from "./language.js";
import { token } from "./session.js";

export const REPORTS = "api/v1/reports";
export const REPORT_TYPES = "api/v1/report-types";
export const SCHEDULES = "api/v1/schedules";

/** An answer that is an error; `errors` are sentences by field, `retryAfter` are seconds. Status 0: no answer came. */
export class Problem extends Error {
  constructor(status, body, retryAfter) {
    super(body.message ?? "");
    this.status = status;
    this.code = body.code ?? (status === 0 ? "no_answer" : `http_${status}`);
    this.errors = body.errors ?? {};
    this.requestId = body.request_id ?? null;
    this.retryAfter = retryAfter;
  }
}

/** What to do when the token is not (or no longer) good; set by the app. */
export const whenRefused = { act: () => {} };

/** Call the API; the answer is `{status, body, retryAfter, headers}`. */
export async function call(method, path, { query = {}, body, headers = {}, signal } = {}) {
  const asked = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "" && value !== undefined));
  const address = asked.size ? `${path}?${asked}` : path;
  const sent = {
    Accept: "application/json",
    "Accept-Language": language(),
    Authorization: `Bearer ${token()}`,
    ...headers,
  };
  if (body !== undefined) sent["Content-Type"] = "application/json";
  const answer = await fetched(address, {
    method,
    headers: sent,
    body: JSON.stringify(body),
    signal,
    cache: "no-store",
  });
  const content = await answer.json().catch(() => ({}));
  const retryAfter = Number(answer.headers.get("Retry-After")) || null;
  if (answer.ok) return { status: answer.status, body: content, retryAfter, headers: answer.headers };
  if (answer.status === 401) whenRefused.act();
  throw new Problem(answer.status, content, retryAfter);
}

export const get = (path, options) => call("GET", path, options);
export const post = (path, options) => call("POST", path, options);

/** A link to the document, signed for some minutes; following it needs no token, and must not carry one. */
export async function documentLink(report) {
  return (await get(`${REPORTS}/${report.uuid}/download`)).body.url;
}

/** The document's bytes, as they come. */
export async function openDocument(report, signal) {
  const answer = await fetched(await documentLink(report), {
    signal,
    credentials: "omit",
    referrerPolicy: "no-referrer",
  });
  if (!answer.ok) throw new Problem(answer.status, {}, null);
  return answer;
}

async function fetched(address, options) {
  try {
    return await fetch(address, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, {}, null);
  }
}
