// Who is signed in: a token, kept until the tab is closed.
//
// Signing in is `signIn(token)`, wherever the token comes from. Pasting one is a way; so is a link with `#token=…`. An
// OpenID Connect provider would be a third: it sends the browser back here with a code, which a module beside this one
// exchanges for an access token. WAYS is where its button goes.

import { t } from "./language.js";

const KEY = "rapor.token";
const CHANGED = "sessionchange";
const IN_ADDRESS = "#token=";

/** More ways to sign in: `{label, start}` each, shown as buttons beside the field for a token. */
export const WAYS = [];

export const token = () => sessionStorage.getItem(KEY);

export function signIn(text) {
  sessionStorage.setItem(KEY, text.trim().replace(/^Bearer\s+/i, ""));
  dispatchEvent(new Event(CHANGED));
}

export function signOut() {
  sessionStorage.removeItem(KEY);
  dispatchEvent(new Event(CHANGED));
}

/** Forget what was somebody else's: whatever is kept in memory of answers and choices. */
export function whenSessionChanges(forget) {
  addEventListener(CHANGED, forget);
}

/**
 * Take a token from the address, and leave none there: not for the history, not for whoever looks at the screen. Who is
 * signed in as somebody else is asked, or a link could make them work in another's name unnoticed.
 */
export function takeFromAddress() {
  if (!location.hash.startsWith(IN_ADDRESS)) return;
  const found = location.hash.slice(IN_ADDRESS.length);
  const [current, wanted] = [claims(), claimsIn(found)];
  const isSame = !token() || String(current?.sub) === String(wanted?.sub);
  if (isSame || confirm(t("sign_in.other", { user: nameIn(wanted), current: nameIn(current) }))) signIn(found);
  history.replaceState(null, "", `${location.pathname}${location.search}#/reports`);
}

/** What the token says, unverified: good for showing and hiding. The API decides. Null where it cannot be read. */
export const claims = () => claimsIn(token());

function claimsIn(text) {
  try {
    const part = atob(text.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(part, (character) => character.charCodeAt(0))));
  } catch {
    return null;
  }
}

export const userName = () => nameIn(claims());

const nameIn = (said) => String(said?.email ?? said?.preferred_username ?? said?.sub ?? "");

/** Whether it is worth offering: `permission`, on this report where one is given. */
export function may(permission, report = null) {
  const said = claims();
  if (!said) return true;
  const names = permissionsIn(said);
  const isOwn = !report || String(report.user_id) === String(said.sub);
  return names.has(`reports.${permission}`) || (isOwn && names.has(`reports.${permission}.own`));
}

function permissionsIn(said) {
  const claim = said.permissions ?? said.scope ?? said.scp ?? [];
  return new Set(Array.isArray(claim) ? claim : String(claim).split(/[\s,]+/));
}
