/**
 * The styles of what is loaded late. Without them nothing of it is shown.
 */
/** @type {Map<string, Promise<void>>} by name */
const loading = new Map();

/** Resolves when they are there, or cannot be. */
export function sheet(name = "late") {
  if (!loading.has(name)) loading.set(name, load(name));
  return loading.get(name);
}

function load(name) {
  return new Promise((resolve) => {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", onload: resolve, onerror: resolve });
    link.href = new URL(`./${name}.css`, import.meta.url);
    document.head.append(link);
  });
}
