// The catalogue: what can be ordered, in the page's language. Asked once a language.

import { get, REPORT_TYPES } from "./api.js";
import { language } from "./language.js";
import { whenSessionChanges } from "./session.js";

const found = new Map();

/** Every report type there is. */
export function allTypes() {
  const tag = language();
  if (!found.has(tag)) {
    const asked = get(REPORT_TYPES).then((answer) => {
      const types = answer.body.data;
      found.set(tag, Object.assign(Promise.resolve(types), { types }));
      return types;
    });
    asked.catch(() => found.delete(tag)); // to be asked again
    found.set(tag, asked);
  }
  return found.get(tag);
}

/** A type by its name, where the catalogue is known already; it may have left it. */
export const typeNamed = (name) => found.get(language())?.types?.find((it) => it.name === name) ?? null;

export const titleOf = (name) => typeNamed(name)?.title ?? name;

whenSessionChanges(() => found.clear()); // whether a type can be ordered depends on who asks
