/** What a browser still shows of somebody who has left: taken away by the pages on which nobody is logged in. */
navigator.clearAppBadge?.().catch(() => {});
const worker = await navigator.serviceWorker?.getRegistration("/").catch(() => undefined);
const notes = await worker?.getNotifications();
notes?.forEach((note) => note.close());
