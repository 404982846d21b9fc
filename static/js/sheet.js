/**
 * The styles of what is loaded late. Without them nothing of it is shown.
 */
let loading;

/** Resolves when they are there, or cannot be. */
export function sheet() {
  loading ??= new Promise((resolve) => {
    const link = Object.assign(document.createElement("link"), { rel: "stylesheet", onload: resolve, onerror: resolve });
    link.href = new URL("./late.css", import.meta.url);
    document.head.append(link);
  });
  return loading;
}
