// What an order would come to, before it is one.

import { post, REPORTS } from "./api.js";
import { button, el, facts } from "./dom.js";
import { bytes, number, seconds, t } from "./language.js";
import { complain } from "./notice.js";

/** `{element, run, forget}`: ask for `body()`; where the format cannot hold it, offer what can, and `truncate`. */
export function estimate({ body, fits, truncate, wrong }) {
  const said = el("div", { class: "said", role: "status", "aria-live": "polite" });
  const element = el("section", { class: "estimate" }, el("h2", {}, t("order.estimate_title")), said);
  forget();
  return { element, run, forget };

  function forget() {
    said.replaceChildren(el("p", { class: "hint" }, t("order.estimate_hint")));
  }

  async function run() {
    wrong({});
    said.replaceChildren(el("p", { class: "loading" }, t("loading")));
    try {
      said.replaceChildren(...shown((await post(`${REPORTS}/estimate`, { body: body() })).body));
    } catch (problem) {
      forget();
      if (problem.status === 422) wrong(problem.errors);
      else complain(problem);
    }
  }

  function shown(found) {
    const about = (text) => t("order.about", { value: text });
    const format = t(`format.${found.format}`);
    const numbers = facts([
      [t("order.estimate_rows"), number(found.rows_total)],
      [t("order.estimate_size"), about(bytes(found.size_bytes))],
      [t("order.estimate_time"), about(seconds(found.seconds))],
    ]);
    if (found.fits) return [numbers, el("p", { class: "good" }, t("order.fits", { format }))];
    const words = found.formats.length ? t("order.no_fit", { format, limit: number(found.limit) }) : t("order.no_fit_none");
    return [numbers, el("p", { class: "bad" }, words),
      el("div", { class: "buttons" }, found.formats.map((it) => button(t("order.use", { format: t(`format.${it}`) }), () => fits(it), { class: "secondary" }))),
      truncate];
  }
}
