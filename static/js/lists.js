/**
 * The way from one room of the list to the next, and the lists as the server draws them now, put in the place of those
 * on the page.
 */
import { LIMITS } from "./app.js";

const PARTS = [".rooms", ".me-button", ".roomhead", ".members", "#beginning", "#empty", "#dropping"];
/** What else names the room. */
const LABELS = [["#timeline", "aria-label"], ["#message", "aria-label"], ["#message", "placeholder"]];

/** The title of the page at `url` where it is a room's, else nothing; null where there is no such page any more. */
export async function redraw(url) {
  const fetched = await load(url);
  if (!fetched) return null;
  // Its parts are drawn all the same: what is new in them is worth more than one language.
  if (fetched.documentElement.lang !== document.documentElement.lang) document.dispatchEvent(new Event("outdated"));
  const { activeElement: focused } = document;
  const pairs = (selector) => [document, fetched].map((each) => each.querySelector(selector));
  for (const part of PARTS) {
    const [ours, theirs] = pairs(part);
    if (!ours || !theirs) continue;
    const hadFocus = ours.contains(focused);
    ours.replaceChildren(...theirs.childNodes);
    if (hadFocus) [...ours.querySelectorAll("a")].find((each) => each.href === focused.href)?.focus({ preventScroll: true });
  }
  for (const [selector, label] of LABELS) {
    const [ours, theirs] = pairs(selector);
    if (ours && theirs) ours.setAttribute(label, theirs.getAttribute(label));
  }
  return fetched.querySelector(".roomhead") ? fetched.title : "";
}

/** As a document: so the browser parses it, and runs nothing of it. */
export function load(url) {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open("GET", url);
    Object.assign(request, { responseType: "document", timeout: LIMITS.patience });
    request.addEventListener("loadend", () => resolve(request.status === 200 ? request.response : null));
    request.send();
  });
}

/** Opens the next of `rooms` that is listed in the direction of `by`, with `isUnread` the next where something is new. */
export function step(rooms, open, by, isUnread) {
  const listed = rooms.filter(({ isListed }) => isListed);
  const here = listed.findIndex(({ link }) => link.dataset.room === open);
  const start = here < 0 && by < 0 ? 0 : here;
  for (let n = 1; n <= listed.length; n++) {
    const { link, unread, named } = listed.at((start + n * by) % listed.length);
    if (link.dataset.room !== open && (!isUnread || unread || named)) return void link.click();
  }
}
