/**
 * The words of what is loaded late. A module that imports this begins when they are there: where the connection is
 * away, when it is back.
 */
import { LIMITS, isApple, page } from "./app.js";
import { askFor } from "./asking.js";
import { retryDelay } from "./socket.js";

/** As words are compared with what is typed: without accents and capitals. */
export const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

async function fetched(tries = 0) {
  try {
    return await askFor(page.words, {}, LIMITS.answer * Math.min(tries + 1, LIMITS.slowness));
  } catch { /* no connection */ }
  await new Promise((resolve) => { setTimeout(resolve, retryDelay(tries)); });
  return fetched(tries + 1);
}

Object.assign(page.strings, await fetched());
// There the key that goes with others has another name.
const named = Object.entries(page.strings).map(([key, text]) => [key, key.startsWith("keys_") ? text.replace("Ctrl+", "⌘") : text]);
if (isApple) Object.assign(page.strings, Object.fromEntries(named));
