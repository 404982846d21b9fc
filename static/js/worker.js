/**
 * Shows what the server tells of while no page is open, and opens it at a click. It keeps nothing and answers for no
 * request: a page comes from the server, or not at all.
 */
const HERE = "/api/v1/me/push";
const ANSWER = 10_000;

const pages = () => self.clients.matchAll({ type: "window", includeUncontrolled: true });
const isAt = (page, room) => `${new URL(page.url).pathname}/`.startsWith(`/rooms/${room}/`);

async function show({ title, body, tag, url, room }) {
  // Somebody looks at it: only then a browser allows that nothing is shown.
  const isSeen = (page) => page.focused && page.visibilityState === "visible" && isAt(page, room);
  if (room && (await pages()).some(isSeen)) return;
  await self.registration.showNotification(title, { body, tag, renotify: true, data: { url } });
}

/** In the page that shows the room, if one does: in another somebody may be at something else. */
async function open(url) {
  const all = await pages();
  const page = all.find((each) => isAt(each, url.split("/")[2])) ?? all[0];
  if (!page) return void await self.clients.openWindow(url);
  // A browser may refuse the one and not the other.
  await page.focus().catch(() => {});
  await page.navigate(url).catch(() => self.clients.openWindow(url));
}

/** The push service has given the browser another address. */
async function move({ oldSubscription, newSubscription }) {
  const key = oldSubscription?.options.applicationServerKey;
  // Somebody else may have signed in since, who has turned nothing on here.
  const isOn = fetch("/api/v1/me/notifications", { signal: AbortSignal.timeout(ANSWER) }).then((answer) => answer.json()).then(({ push }) => push?.subscribed);
  if (!key || !await isOn) return;
  const found = newSubscription ?? await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  const { endpoint, keys } = found.toJSON();
  const text = btoa(String.fromCharCode(...new Uint8Array(key))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
  const body = JSON.stringify({ endpoint, p256dh: keys.p256dh, auth: keys.auth, key: text });
  await fetch(HERE, { method: "PUT", headers: { "Content-Type": "application/json" }, body, signal: AbortSignal.timeout(ANSWER) });
}

self.addEventListener("install", () => self.skipWaiting());
self.addEventListener("activate", (event) => event.waitUntil(self.clients.claim()));
self.addEventListener("push", (event) => event.waitUntil(show(event.data.json())));
self.addEventListener("pushsubscriptionchange", (event) => event.waitUntil(move(event)));
self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open(event.notification.data.url));
});
