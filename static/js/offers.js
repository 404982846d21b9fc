/**
 * What is asked for when it is needed: answers over HTTP, none of which is waited for without end, and the modules for
 * files to be shown, a picture seen large, files to be sent.
 */
import { LIMITS, make } from "./app.js";
import { retryDelay } from "./socket.js";

/** As fetch, but rejects after `within` ms, also where only the end of an answer does not come. */
export function ask(address, how = {}, within = LIMITS.answer) {
  const signals = [AbortSignal.timeout(within), how.signal].filter(Boolean);
  return fetch(address, { ...how, signal: signals.length > 1 ? AbortSignal.any(signals) : signals[0] });
}

/** What the server says there as JSON; rejects, with the `status`, where it refuses. */
export async function askFor(address, how = {}, within = LIMITS.answer) {
  const answer = await ask(address, how, within);
  if (!answer.ok) throw Object.assign(new Error(answer.statusText), { status: answer.status });
  return answer.json();
}

/**
 * A module that is on its way, when the words it says are here too. It cannot wait for them itself: in Safari the second
 * of two that are loaded at once begins before what both import has awaited (https://bugs.webkit.org/show_bug.cgi?id=242740).
 */
export async function worded(loading) {
  const [module] = await Promise.all([loading, import("./words.js").then(({ words }) => words)]);
  return module;
}

/** Shows these files, and no others, in a message's row; who is at the end of the room stays there, by `steadily`. */
export function showFiles(row, files, steadily) {
  row.files = files;
  if (!files.length && !row.querySelector(".files")) return;
  import("./attachments.js").then((all) => steadily(() => row.files === files && all.paintFiles(row, files))).catch(() => {});
}

/** Opens a picture over the page; with a key held down the browser does what it does with links. */
export function offerPictures(log) {
  log.addEventListener("click", (event) => {
    const link = event.target.closest("a.picture[href]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    import("./lightbox.js").then(({ open }) => open(link), () => location.assign(link.href));
  });
}

/** What somebody has chosen waits until this is here: a browser may remember of an address that it failed. */
async function fetchFiles(again = "", tries = 0) {
  try {
    const files = await worded(import(`./files.js${again}`));
    await files.dressed;
    return files;
  } catch {
    await new Promise((go) => { setTimeout(go, retryDelay(tries)); });
    return fetchFiles(`?${Date.now()}`, tries + 1);
  }
}

/** Loads how files are sent when somebody begins to; `onLoaded` gets it before anything is done with it. Returns what loads it. */
export function awaitFiles(form, send, onLoaded) {
  let loading;
  const load = () => {
    loading ??= fetchFiles().then(({ Luggage }) => new Luggage(form, send));
    return loading.then((luggage) => (onLoaded(luggage), luggage));
  };
  form.querySelector(".attach").addEventListener("click", () => {
    // Opened at once: a few seconds after the click browsers would not open it any more.
    const input = Object.assign(make("input"), { type: "file", multiple: true });
    input.addEventListener("change", () => load().then((luggage) => luggage.add([...input.files])));
    input.click();
    load();
  });
  for (const kind of ["paste", "dragenter", "dragover", "drop"]) {
    addEventListener(kind, (event) => {
      const { types = [], files = [] } = event.clipboardData ?? event.dataTransfer ?? {};
      // Programs that copy text put a picture of it beside it.
      if (!types.includes("Files") || (kind === "paste" && types.includes("text/plain"))) return;
      event.preventDefault(); // or the browser would leave the page for the file
      const given = [...files];
      load().then((luggage) => luggage.receive(kind, given));
    });
  }
  return load;
}
