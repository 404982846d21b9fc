/**
 * This browser's subscription to messages while no page is open (Push API). The server keeps it for as long as the
 * person is signed in here.
 */
import { ask } from "./offers.js";

const WORKER = "/service-worker.js";
const HERE = "/api/v1/me/push";
const policy = globalThis.trustedTypes?.createPolicy("chatapp-worker", {
  createScriptURL(url) {
    if (url !== WORKER) throw new TypeError(url);
    return url;
  },
});

export const isPossible = () => window.isSecureContext && "serviceWorker" in navigator && "PushManager" in window;

const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) => each.charCodeAt(0));
const isSame = (one, other) => one.length === other.length && one.every((byte, place) => byte === other[place]);

async function send(method, body) {
  const answer = await ask(HERE, { method, headers: { "Content-Type": "application/json" }, body });
  if (!answer.ok) throw new Error(`${method} ${HERE}: ${answer.status}`);
}

async function subscription() {
  const worker = await navigator.serviceWorker.getRegistration("/");
  return (await worker?.pushManager.getSubscription()) ?? null;
}

/** Has the service worker show notices from now on. Rejects where the browser has none. */
export async function register() {
  await navigator.serviceWorker.register(policy?.createScriptURL(WORKER) ?? WORKER, { scope: "/" });
  return navigator.serviceWorker.ready;
}

/** Under our key, for another one the browser would refuse. Rejects where the browser cannot reach its push service. */
export async function subscribe(key) {
  const { pushManager } = await register();
  let found = await pushManager.getSubscription();
  if (found?.options.applicationServerKey && !isSame(new Uint8Array(found.options.applicationServerKey), bytes(key))) {
    await found.unsubscribe();
    found = null;
  }
  found ??= await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) });
  const { endpoint, keys } = found.toJSON();
  await send("PUT", JSON.stringify({ endpoint, p256dh: keys.p256dh, auth: keys.auth, key }));
}

export async function unsubscribe() {
  await send("DELETE");
  await (await subscription())?.unsubscribe();
}

/** Where it was turned on before: after signing in anew, or under another key of ours. */
export async function renew(key) {
  if (isPossible() && await subscription()) await subscribe(key);
}
