/**
 * Turns notifications on and off for this browser, on the page where they are set. The browser asks after a click only.
 * Where the chat can, it tells this browser also while no page is open.
 */
import { page, storage } from "./app.js";
import { SOUND_KEY, show } from "./notices.js";
import { isPossible, register, subscribe, unsubscribe } from "./push.js";

const key = `notifications:${page.me.username}`;
const here = document.getElementById("notifications-here").dataset;
const button = (name) => document.getElementById(`notifications-${name}`);
const sound = document.getElementById("notifications-sound");
const mayPush = Boolean(here.key) && isPossible();
let isPushed = Boolean(here.pushed);

function state() {
  // Safari on phones has them for what was put on the home screen alone, and says here that this is not.
  if (window.isSecureContext && !window.Notification && navigator.standalone === false) return "install";
  if (!window.isSecureContext || !window.Notification) return "none";
  if (Notification.permission === "denied") return "blocked";
  if (Notification.permission !== "granted") return "off";
  if (isPushed) return "pushed";
  return storage.read(key) ? "on" : "off";
}

function draw() {
  const now = state();
  for (const line of document.querySelectorAll("#notifications-here [data-state]")) line.hidden = line.dataset.state !== now;
  button("on").hidden = now !== "off";
  button("more").hidden = now !== "on" || !mayPush;
  button("test").hidden = now !== "on";
  if (button("try")) button("try").hidden = now !== "pushed";
  button("off").hidden = sound.closest(".choice").hidden = !["on", "pushed"].includes(now);
}

async function turnOn() {
  if (await Notification.requestPermission() === "granted") {
    // Without one the page shows them itself, which Android does not let it: they are on when it is there.
    await register().catch(() => {});
    storage.write(key, String(Date.now()));
    if (mayPush) await push();
  }
  draw();
  if (state() === "on") button("test").focus();
}

/** Not every browser reaches its push service: then it is told while a page is open. */
async function push() {
  const isDone = await subscribe(here.key).then(() => true, () => false);
  document.getElementById("notifications-failed").hidden = isDone;
  // With this browser in the list.
  if (isDone && !isPushed) location.reload();
}

/** A server that does not hear of it would go on telling. */
async function turnOff() {
  const isHeard = !isPushed || await unsubscribe().then(() => true, () => false);
  document.getElementById("notifications-unheard").hidden = isHeard;
  if (!isHeard) return;
  isPushed = false;
  storage.remove(key);
  draw();
  button("on").focus();
}

function test() {
  const { title, body } = button("test").dataset;
  show(title, { body, tag: "test", url: location.pathname }).catch(() => {});
}

/** The click that turns it on is also what lets a page make one. */
function setSound() {
  if (!sound.checked) return void storage.remove(SOUND_KEY);
  storage.write(SOUND_KEY, "on");
  import("./sound.js").then(({ play }) => play()).catch(() => {});
}

sound.checked = Boolean(storage.read(SOUND_KEY));
sound.addEventListener("change", setSound);
for (const [name, act] of [["on", turnOn], ["more", push], ["off", turnOff], ["test", test]]) button(name).addEventListener("click", act);
// Blocked or allowed in the browser's own settings meanwhile.
addEventListener("focus", draw);
const zone = document.getElementById("f-time_zone");
zone.value ||= Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
// Other tabs of this browser ask anew how much they may tell.
if (state() === "on") {
  storage.write(key, String(Date.now()));
  register().catch(() => {});
}
draw();
// What the browser has changed by itself, or was told to forget, the server learns here.
if (isPushed && mayPush) (state() === "pushed" ? subscribe(here.key) : unsubscribe()).catch(() => {});
