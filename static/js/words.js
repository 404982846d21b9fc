/**
 * The words of what is loaded late. Who loads a module that imports this waits for them (`worded` in offers.js): where
 * the connection is away, until it is back.
 */
import { LIMITS, isApple, page } from "./app.js";
import { askFor } from "./offers.js";
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

/** On Apple's machines the key that goes with others has another name. */
const named = ([key, text]) => [key, isApple && key.startsWith("keys_") ? text.replace("Ctrl+", "⌘") : text];

/** Settled when they are among the page's own. */
export const words = fetched().then((found) => {
  Object.assign(page.strings, found);
  Object.assign(page.strings, Object.fromEntries(Object.entries(page.strings).map(named)));
});
