// What can be done with a report, each as one call of the API.

import { call, documentLink, post, REPORTS } from "./api.js";
import { button } from "./dom.js";
import { t } from "./language.js";
import { complain, say } from "./notice.js";
import { may } from "./session.js";
import { isRecorded, isUnfinished } from "./status.js";

const ACTIONS = {
  download: { permission: "export", fits: (it) => it.result && !it.deleted_at, run: download },
  restore: { permission: "restore", fits: (it) => it.deleted_at, run: (it) => post(`${REPORTS}/${it.uuid}/restore`) },
  retry: {
    permission: "generate",
    fits: (it) => it.status === "failed" && it.error && !it.deleted_at,
    run: (it) => post(`${REPORTS}/${it.uuid}/retry`),
  },
  cancel: {
    permission: "generate",
    fits: (it) => isUnfinished(it) && !it.deleted_at && !isRecorded(it),
    run: (it) => post(`${REPORTS}/${it.uuid}/cancel`),
  },
  delete: { permission: "delete", fits: (it) => !it.deleted_at, run: (it) => call("DELETE", `${REPORTS}/${it.uuid}`) },
};

const CHANGED = "reportchanged";

/** Be told of every action that was done, and of those that came too late: `heard({name, uuid})`. Gives how to end it. */
export function whenChanged(heard) {
  const listener = (event) => heard(event.detail);
  addEventListener(CHANGED, listener);
  return () => removeEventListener(CHANGED, listener);
}

/** Buttons for those of the named actions that fit the report and the caller. */
export function actions(report, names) {
  return names
    .filter((name) => ACTIONS[name].fits(report) && may(ACTIONS[name].permission, report))
    .map((name) =>
      button(t(`action.${name}`), () => act(name, report), {
        class: name === "download" ? "primary" : "secondary",
        "data-key": `${name}-${report.uuid}`,
        "aria-label": t("action.of", { action: t(`action.${name}`), title: report.title }),
      }),
    );
}

async function act(name, report) {
  try {
    await ACTIONS[name].run(report);
    const undo =
      name === "delete" && may("restore", report)
        ? { label: t("action.undo"), run: () => act("restore", report) }
        : null;
    say(t(`done.${name}`, { title: report.title }), { action: undo });
  } catch (problem) {
    complain(problem);
    if (problem.status !== 409) return; // else it is not as it was shown
  }
  dispatchEvent(new CustomEvent(CHANGED, { detail: { name, uuid: report.uuid } }));
}

/** Follow the link: the server says that it is a file to keep, so the page stays. */
async function download(report) {
  location.assign(await documentLink(report));
}
