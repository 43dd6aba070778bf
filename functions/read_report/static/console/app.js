// The frame around the views, and the way from one to another: the address after `#`.

import { whenRefused } from "./api.js";
import { button, el, heading } from "./dom.js";
import { LANGUAGES, language, speak, t } from "./language.js";
import { orderView } from "./order.js";
import { reportView } from "./report.js";
import { reportsView } from "./reports.js";
import { schedulesView } from "./schedules.js";
import { may, signOut, takeFromAddress, token, userName } from "./session.js";
import { signInView } from "./signin.js";

/** Each view is `(main, {name, query}) => stop`; it fills `main` and may go on until it is stopped. */
const VIEWS = [
  [/^\/reports$/, reportsView, "nav.reports"],
  [/^\/reports\/(?<name>[^/]+)$/, reportView, "nav.reports"],
  [/^\/schedules$/, schedulesView, "nav.schedules"],
  [/^\/order$/, orderView, "nav.order"],
];
const HOME = "/reports";
let stop = () => {};

function place() {
  const [path, query] = location.hash.slice(1).split("?");
  return { path: path || HOME, query: new URLSearchParams(query) };
}

/** Show what the address says. Focus goes to the view's heading, but for the first view of all. */
function show({ isFirst = false } = {}) {
  stop();
  document.documentElement.lang = language();
  const { path, query } = place();
  const [view, groups] = token() ? found(path) : [signInView, {}];
  const main = el("main", { id: "main", tabindex: "-1" });
  document.getElementById("app").replaceChildren(...(token() ? [skip(main), header(path), main] : [main, foot()]));
  stop = view(main, { ...groups, query, again: show }) ?? (() => {});
  document.title = [main.querySelector("h1")?.textContent, "Rapor"].filter(Boolean).join(" · ");
  if (!isFirst) main.querySelector("h1")?.focus({ preventScroll: true });
  if (!isFirst) scrollTo(0, 0);
}

function found(path) {
  for (const [form, view] of VIEWS) {
    const match = form.exec(path);
    if (match) return [view, match.groups ?? {}];
  }
  return [notFoundView, {}];
}

function header(path) {
  const links = VIEWS.filter(([, view]) => view !== reportView && (view === reportsView || may("generate")));
  return el(
    "header",
    { class: "top" },
    el("a", { class: "brand", href: "#/reports" }, "Rapor"),
    el(
      "nav",
      { "aria-label": t("nav.label") },
      links.map(([form, view, words]) =>
        el(
          "a",
          {
            href: `#${form.source.replaceAll("\\", "").slice(1, -1)}`,
            class: view === orderView ? "order-link" : null,
            "aria-current": view === found(path)[0] ? "page" : null,
          },
          t(words),
        ),
      ),
    ),
    el(
      "div",
      { class: "who" },
      el("span", { class: "name" }, userName()),
      languages(),
      button(t("nav.sign_out"), leave, { class: "quiet" }),
    ),
  );
}

const foot = () => el("footer", { class: "foot" }, languages(), el("a", { href: "docs" }, t("nav.docs")));

const skip = (main) => button(t("nav.skip"), () => main.focus(), { class: "skip" });

function languages() {
  return el(
    "div",
    { class: "languages", role: "group", "aria-label": t("nav.language") },
    LANGUAGES.map((tag) =>
      button(
        tag.toUpperCase(),
        () => {
          speak(tag);
          show();
          document.querySelector(`[data-key=language-${tag}]`)?.focus();
        },
        {
          class: "quiet",
          lang: tag,
          "data-key": `language-${tag}`,
          "aria-pressed": String(tag === language()),
        },
      ),
    ),
  );
}

function leave() {
  signOut();
  location.hash = HOME;
  show();
}

function notFoundView(main) {
  main.append(heading(t("not_found")), el("p", {}, t("not_found_lead")));
}

whenRefused.act = () => {
  if (!token()) return;
  signOut();
  show();
  document.querySelector(".ended").hidden = false;
};
addEventListener("hashchange", () => {
  takeFromAddress();
  show();
});
takeFromAddress();
show({ isFirst: true });
