// What is being filled in: it stays when the language is switched, or another page looked at.

import { whenSessionChanges } from "./session.js";

export const draft = { current: {} };
whenSessionChanges(() => {
  draft.current = {};
});

/** Begin with an earlier order's choices. */
export function draftFrom({ report_type, title, parameters, format, options }) {
  draft.current = { report_type, title, parameters: { ...parameters }, format, options: options ?? {} };
}
