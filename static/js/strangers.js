/** What a browser still shows and keeps of somebody who has left: taken away by the pages on which nobody is logged in. */
import { LEAVING, storage } from "./app.js";

const who = storage.read(LEAVING);
if (who) {
  const words = ["draft", "outbox"].flatMap((kind) => storage.keys(`${kind}:${who}:`));
  [...words, `emoji:${who}`, `held:${who}`, LEAVING].forEach(storage.remove);
}
navigator.clearAppBadge?.().catch(() => {});
navigator.serviceWorker?.getRegistration("/").then((worker) => worker?.getNotifications()).then((notes) => notes?.forEach((note) => note.close()), () => {});
