// Short messages at the edge of the page, read out by screen readers: #notices is a live region.

import { button, el } from "./dom.js";
import { problemText, t } from "./language.js";

const SHOWN_MS = 8000;

/** Say something; `action` is `{label, run}`, and keeps the message until it is closed. */
export function say(text, { action = null, isProblem = false } = {}) {
  const notice = el("div", { class: isProblem ? "notice problem" : "notice" }, el("p", {}, text));
  const close = () => notice.remove();
  if (action)
    notice.append(
      button(
        action.label,
        async () => {
          close();
          await action.run();
        },
        { class: "quiet" },
      ),
    );
  notice.append(button("×", close, { class: "close", "aria-label": t("notice.close") }));
  document.getElementById("notices").replaceChildren(notice);
  if (!action && !isProblem) setTimeout(close, SHOWN_MS);
}

/** Say what went wrong. */
export function complain(problem) {
  if (problem.status === undefined) throw problem; // our own mistake: the console shows it
  say(problemText(problem), { isProblem: true });
}
