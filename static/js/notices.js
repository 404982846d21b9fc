/**
 * Shows notices outside the page: by the service worker where there is one, since those outlive the page and are the
 * only ones on Android, else by the page itself. Where somebody wants to hear them, with a tone.
 */
import { page, storage } from "./app.js";

/** Kept where this browser makes a sound for each. */
export const SOUND_KEY = `sound:${page.me.username}`;
/** @type {Map<string, {note: Notification, index: number}>} What this page shows by itself. */
const shown = new Map();

// A click on one leads nowhere without its page, and whoever comes next is somebody else after a logout.
addEventListener("pagehide", () => { shown.forEach(({ note }) => note.close()); shown.clear(); });

const worker = () => navigator.serviceWorker?.getRegistration("/").catch(() => undefined);

/** Whether the system is to be silent: nobody wants to hear it, or our own tone is heard. */
async function isSilent() {
  return !storage.read(SOUND_KEY) || import("./sound.js").then(({ play }) => play()).catch(() => false);
}

/** One for each `tag`: the newest takes the place of the one before. A click on it opens `url`. */
export async function show(title, { body, tag, url, index = 0 }) {
  const options = { body, tag, renotify: true, silent: await isSilent(), data: { url, index } };
  const registration = await worker();
  if (registration?.active) return void await registration.showNotification(title, options);
  const note = new Notification(title, options);
  note.addEventListener("click", () => {
    note.close();
    window.focus();
    location.assign(url);
  });
  shown.set(tag, { note, index });
}

/** Takes away what was shown under `tag` of what is up to `index`. */
export async function close(tag, index) {
  const own = shown.get(tag);
  if (own && own.index <= index) {
    own.note.close();
    shown.delete(tag);
  }
  const notes = await (await worker())?.getNotifications({ tag });
  // What the push service brought says no index: it is of before.
  notes?.filter((note) => (note.data?.index ?? 0) <= index).forEach((note) => note.close());
}
