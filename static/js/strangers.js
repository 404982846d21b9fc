/** What a browser still shows of somebody who has left: taken away by the pages on which nobody is logged in. */
navigator.clearAppBadge?.().catch(() => {});
navigator.serviceWorker?.getRegistration("/").then((worker) => worker?.getNotifications()).then((notes) => notes?.forEach((note) => note.close()), () => {});
