/** What a browser still shows and keeps of somebody who has left: taken away by the pages on which nobody is logged in. */
import { LEAVING, forget, storage } from "./app.js";

for (const key of storage.keys(LEAVING)) {
  forget(key.slice(LEAVING.length));
  storage.remove(key);
}
navigator.clearAppBadge?.().catch(() => {});
navigator.serviceWorker?.getRegistration("/").then((worker) => worker?.getNotifications()).then((notes) => notes?.forEach((note) => note.close()), () => {});
