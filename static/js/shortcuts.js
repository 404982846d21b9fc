/**
 * What the dialog of shortcuts shows: the table of keys, as this machine names them.
 */
import { KEYS, isApple, make, t } from "./app.js";
import "./words.js";

const KEY_NAMES = { Mod: isApple ? "⌘" : "Ctrl", Alt: isApple ? "⌥" : "Alt", ArrowUp: "↑", ArrowDown: "↓", Escape: "Esc" };

function drawKeys(keys) {
  const term = make("dt");
  for (const part of keys.split("+")) term.append(make("kbd", "", KEY_NAMES[part] ?? part), " ");
  return term;
}

/** Once: the table does not change. */
export function fillShortcuts() {
  const list = document.getElementById("shortcuts-list");
  const groups = list.children.length ? [] : new Set(KEYS.map((entry) => entry.group));
  for (const group of groups) {
    const rows = make("dl");
    for (const entry of KEYS.filter((each) => each.group === group)) {
      const row = make("div");
      row.append(drawKeys(entry.keys), make("dd", "", t(entry.text)));
      rows.append(row);
    }
    list.append(make("h3", "", t(group)), rows);
  }
}
