/**
 * Turns notifications on and off for this browser, on the page where they are set. The browser asks after a click only.
 */
import { page, storage } from "./app.js";

const key = `notifications:${page.me.username}`;
const button = (name) => document.getElementById(`notifications-${name}`);

/** Android has permissions and no constructor: what is made without a title is refused with another error there. */
function isMade() {
  try {
    return Boolean(new Notification());
  } catch (error) {
    return window.Notification !== undefined && !/Illegal constructor/.test(error.message);
  }
}

function state() {
  if (!window.isSecureContext || !isMade()) return "none";
  if (Notification.permission === "denied") return "blocked";
  return Notification.permission === "granted" && storage.read(key) ? "on" : "off";
}

function draw() {
  const now = state();
  for (const line of document.querySelectorAll("#notifications-here [data-state]")) line.hidden = line.dataset.state !== now;
  button("on").hidden = now !== "off";
  button("test").hidden = button("off").hidden = now !== "on";
}

async function turnOn() {
  if (await Notification.requestPermission() === "granted") storage.write(key, String(Date.now()));
  draw();
  if (state() === "on") button("test").focus();
}

function turnOff() {
  storage.remove(key);
  draw();
  button("on").focus();
}

function test() {
  const { title, body } = button("test").dataset;
  new Notification(title, { body, tag: "test" });
}

for (const [name, act] of [["on", turnOn], ["off", turnOff], ["test", test]]) button(name).addEventListener("click", act);
// Blocked or allowed in the browser's own settings meanwhile.
addEventListener("focus", draw);
const zone = document.getElementById("f-time_zone");
zone.value ||= Intl.DateTimeFormat().resolvedOptions().timeZone ?? "";
// Other tabs of this browser ask anew how much they may tell.
if (state() === "on") storage.write(key, String(Date.now()));
draw();
