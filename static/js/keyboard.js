/** What the keys of this browser do, on the page where that is chosen. It holds from the next key on, in every tab. */
import { isApple, page, storage } from "./app.js";

const key = `keys:${page.me.username}`;
const boxes = [...document.querySelectorAll("#keyboard [data-part]")];
const isChecked = (box) => !storage.read(key)?.includes(box.dataset.part);

function keep() {
  const off = boxes.filter((box) => !box.checked).map((box) => box.dataset.part);
  if (off.length) storage.write(key, off.join(" "));
  else storage.remove(key);
}

for (const box of boxes) {
  box.checked = isChecked(box);
  box.addEventListener("change", keep);
}
if (isApple) for (const hint of document.querySelectorAll("#keyboard .field-hint")) hint.textContent = hint.textContent.replace("Ctrl+", "⌘");
document.getElementById("keyboard").hidden = false;
