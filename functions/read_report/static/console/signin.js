// Signing in: a token is pasted, or comes another way (see session.js).

import { button, el, heading } from "./dom.js";
import { t } from "./language.js";
import { signIn, WAYS } from "./session.js";

export function signInView(main, { again }) {
  const wrong = el("p", { class: "error", id: "token-error", role: "alert" });
  const field = el("textarea", {
    id: "token",
    rows: 4,
    spellcheck: "false",
    autocomplete: "off",
    autocapitalize: "off",
    required: true,
    "aria-describedby": "token-hint token-error",
  });
  const form = el(
    "form",
    { class: "card sign-in", novalidate: true, onsubmit: submit },
    el("label", { for: "token" }, t("sign_in.token")),
    el("p", { class: "hint", id: "token-hint" }, t("sign_in.hint")),
    field,
    wrong,
    el("button", { class: "primary" }, t("sign_in.submit")),
    WAYS.map((way) => button(t(way.label), way.start, { class: "secondary" })),
  );
  main.className = "welcome";
  main.append(
    el("p", { class: "brand" }, "Rapor"),
    heading(t("sign_in.title")),
    el("p", { class: "lead" }, t("sign_in.lead")),
    el("p", { class: "ended", role: "alert", hidden: true }, t("sign_in.ended")),
    form,
  );

  function submit(event) {
    event.preventDefault();
    if (!field.value.trim()) {
      wrong.textContent = t("sign_in.empty");
      field.setAttribute("aria-invalid", "true");
      field.focus();
      return;
    }
    signIn(field.value);
    again();
  }
}
