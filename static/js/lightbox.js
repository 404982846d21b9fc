/**
 * One picture of the conversation, as large as the window: Escape closes, arrows go to the next. Loaded when the first
 * one is opened.
 */
import { fresh } from "./message.js";
import { sheet } from "./sheet.js";

let dialog;
let shown;

/** Shows the picture of this link. When it is closed, the focus is where it was. */
export async function open(link) {
  await sheet("files");
  dialog ??= build();
  show(link);
  dialog.showModal();
}

function build() {
  const made = fresh("lightbox-template");
  made.addEventListener("click", (event) => {
    const by = event.target.closest("[data-step]")?.dataset.step;
    if (by) step(Number(by));
    // Beside the picture there is nothing else to want.
    else if (event.target === made) made.close();
  });
  made.addEventListener("keydown", (event) => {
    const forward = getComputedStyle(made).direction === "rtl" ? "ArrowLeft" : "ArrowRight";
    if (event.key.startsWith("Arrow") && /Left|Right/.test(event.key)) step(event.key === forward ? 1 : -1);
  });
  made.addEventListener("close", () => {
    made.querySelector("img").removeAttribute("src");
    shown?.focus({ preventScroll: true });
  });
  document.body.append(made);
  return made;
}

const pictures = () => [...document.querySelectorAll("#timeline a.picture[href]")];

function step(by) {
  const all = pictures();
  show(all[all.indexOf(shown) + by] ?? shown);
}

function show(link) {
  shown = link;
  const small = link.querySelector("img");
  const all = pictures();
  // What is there already stands in until the large one is here; of the size that it will have.
  Object.assign(dialog.querySelector("img"), { src: link.href, alt: small.alt, width: small.width, height: small.height });
  dialog.querySelector(".lightbox-name").textContent = small.alt === link.dataset.name ? small.alt : `${link.dataset.name}: ${small.alt}`;
  dialog.querySelector("a[download]").href = link.dataset.download;
  dialog.querySelector('[data-step="-1"]').disabled = all[0] === link;
  dialog.querySelector('[data-step="1"]').disabled = all.at(-1) === link;
}
