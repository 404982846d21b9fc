/**
 * The styles of what is loaded late. Without them nothing of it is shown, but where they do not come: there they are
 * fetched until they do.
 */
import { retryDelay } from "./socket.js";

/** @type {Map<string, Promise<void>>} by name */
const loading = new Map();

/** Resolves when they are there, or did not come at once. */
export function sheet(name = "late") {
  if (!loading.has(name)) loading.set(name, load(name));
  return loading.get(name);
}

function load(name, tries = 0) {
  return new Promise((resolve) => {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", onload: resolve });
    link.href = new URL(`./${name}.css`, import.meta.url);
    link.onerror = () => {
      link.remove();
      resolve();
      setTimeout(() => load(name, tries + 1), retryDelay(tries));
    };
    document.head.append(link);
  });
}
