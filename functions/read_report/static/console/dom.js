// Builds elements. What a report says goes in as text, so it never becomes markup.

/** An element; `onclick` and the like are listeners, null and false leave an attribute out, true is an empty one. */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value);
  }
  element.append(
    ...children.flat(Infinity).filter((child) => child !== null && child !== undefined && child !== false),
  );
  return element;
}

/** A button that can be pressed once at a time: it waits for what it started. */
export function button(label, press, attributes = {}) {
  const element = el("button", { type: "button", ...attributes, onclick: pressed }, label);
  async function pressed(event) {
    if (element.getAttribute("aria-busy") === "true") return;
    element.setAttribute("aria-busy", "true");
    try {
      await press(event);
    } finally {
      element.removeAttribute("aria-busy");
    }
  }
  return element;
}

/** Names and values side by side; pairs without a value are left out. */
export function facts(pairs, attributes = {}) {
  const shown = pairs.filter(([, value]) => ![null, undefined, false, ""].includes(value));
  return el(
    "dl",
    { class: "facts", ...attributes },
    shown.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))),
  );
}

/** Put `fresh` where `old` is; whoever was using a control in it goes on using the one of the same `data-key`. */
export function replace(old, fresh) {
  const key = old.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  old.replaceWith(fresh);
  if (key) fresh.querySelector(`[data-key="${CSS.escape(key)}"]`)?.focus();
}

/** The heading of a view: where focus goes when the view changes. */
export function heading(text, ...more) {
  return el("div", { class: "heading" }, el("h1", { tabindex: "-1" }, text), ...more);
}
