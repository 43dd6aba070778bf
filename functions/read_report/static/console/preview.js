// A look into the document: a PDF in the browser's own viewer, the first rows of a CSV or JSON as a table.

import { openDocument } from "./api.js";
import { button, el } from "./dom.js";
import { bytes, problemText, t } from "./language.js";
import { firstRows } from "./rows.js";
import { may } from "./session.js";
import { table } from "./table.js";

const MOST_BYTES = 20_000_000; // of a PDF that is fetched unasked
const VIEW = "#toolbar=0&navpanes=0&view=FitH"; // PDF Open Parameters

/** `{element, release}`; release stops what is on its way, and gives the document's memory back. */
export function preview(report) {
  const element = el("div", { class: "look" });
  const ended = new AbortController();
  let address = null;
  const look = {
    element,
    release: () => {
      ended.abort();
      if (address) URL.revokeObjectURL(address);
    },
  };
  if (!may("export", report)) element.append(el("p", { class: "plain" }, t("preview.no_export")));
  else if (report.format === "excel") element.append(columnsOf(report));
  else if (report.format !== "pdf") fetched(rows);
  else if (!navigator.pdfViewerEnabled) element.append(el("p", { class: "plain" }, t("preview.no_viewer")));
  else if (report.result.size_bytes > MOST_BYTES) element.append(ask());
  else fetched(pdf);
  return look;

  async function fetched(show) {
    element.replaceChildren(el("p", { class: "loading" }, t("preview.loading")));
    try {
      element.replaceChildren(...(await show()));
    } catch (problem) {
      if (ended.signal.aborted) return;
      if (problem.status === undefined) throw problem;
      element.replaceChildren(
        el("p", { class: "plain" }, problemText(problem)),
        button(t("preview.again"), () => fetched(show), { class: "secondary" }),
      );
    }
  }

  function ask() {
    return el(
      "div",
      { class: "plain" },
      el("p", {}, t("preview.large", { size: bytes(report.result.size_bytes) })),
      button(t("preview.show"), () => fetched(pdf), { class: "secondary" }),
    );
  }

  /** The whole file, as a blob of this page: the signed link itself is made to be saved, not shown. */
  async function pdf() {
    const content = await (await openDocument(report, ended.signal)).arrayBuffer();
    const isRight = (await sha256(content)) === report.result.sha256;
    address = URL.createObjectURL(new Blob([content], { type: "application/pdf" }));
    return [
      el("iframe", { src: address + VIEW, title: t("preview.frame", { title: report.title }) }),
      el(
        "p",
        { class: "under" },
        el("span", { class: isRight ? "verified" : "error" }, t(isRight ? "preview.verified" : "preview.not_verified")),
        el("a", { href: address, target: "_blank", rel: "noopener" }, t("preview.open")),
      ),
    ];
  }

  /** As much of the file as the first rows take; the rest is not asked for. */
  async function rows() {
    const answer = await openDocument(report, ended.signal);
    return [table(report, await firstRows(report, answer.body))];
  }
}

const columnsOf = (report) => el("div", { class: "plain" }, el("p", {}, t("preview.excel")), table(report, null));

async function sha256(content) {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
