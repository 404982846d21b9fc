/** Where somebody goes by a link, in browsers that do not say it by themselves, nor that it was given up. */
import { LIMITS } from "./app.js";

const MODIFIERS = ["altKey", "ctrlKey", "metaKey", "shiftKey"];

/** Calls `tell(url, signal)`; the signal is aborted by another link, or when nothing has come for long. */
export function watchLinks(tell) {
  let going = new AbortController();
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link || link.target || event.defaultPrevented || MODIFIERS.some((name) => event[name])) return;
    going.abort();
    const { signal } = going = new AbortController();
    setTimeout((left) => left.abort(), LIMITS.patience, going);
    tell(link.href, signal);
  });
}
