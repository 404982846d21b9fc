/**
 * What the dialog of shortcuts shows: the table of keys, as this machine names them.
 */
import { KEYS, isApple, keysFor, make, t } from "./app.js";
import "./words.js";

const KEY_NAMES = { Mod: isApple ? "⌘" : "Ctrl", Alt: isApple ? "⌥" : "Alt", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc", PageUp: "PgUp", PageDown: "PgDn" };

function drawKeys(keys) {
  const term = make("dt");
  for (const part of keys.split(/\+(?=.)/)) term.append(make("kbd", "", KEY_NAMES[part] ?? part), " ");
  return term;
}

function drawRow({ keys, does }) {
  const row = make("div");
  row.append(drawKeys(keys), make("dd", "", t(`key_${does}`)));
  return row;
}

/** Anew each time: some may have been turned off meanwhile. */
export function fillShortcuts() {
  const places = Object.keys(KEYS).map((place) => {
    const rows = make("dl");
    rows.append(...keysFor(place).map(drawRow));
    return [make("h3", "", t(`keys_${place}`)), rows];
  });
  document.getElementById("shortcuts-list").replaceChildren(...places.flat());
}
