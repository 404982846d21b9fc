/**
 * The picture of a message's files, cloned from the page's own templates as the server draws them.
 */
import { make, t } from "./app.js";

const SIZES = ["B", "KiB", "MiB", "GiB", "TiB"];
// The box in which a picture stands in a conversation, in pixels.
const WIDEST = 480;
const HIGHEST = 360;

const fresh = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);

/** Bytes in the unit that fits: 999 B, 1.5 KiB, 25 MiB. */
export function sizeOf(bytes) {
  let value = bytes;
  let unit = 0;
  for (; Math.round(value) >= 1024 && unit < SIZES.length - 1; unit += 1) value /= 1024;
  return `${unit && value < 9.95 ? Number(value.toFixed(1)) : Math.round(value)} ${SIZES[unit]}`;
}

/** As in HTML, 48 KiB. */
export function aboutFile(name, size) {
  const [, kind] = /[^.].*\.([a-z0-9]{1,5})$/i.exec(name) ?? [];
  return `${kind?.toUpperCase() ?? t("file")}, ${sizeOf(size)}`;
}

/** Shows these files, and no others, in a message's row. */
export function paintFiles(row, files) {
  row.querySelector(".files")?.remove();
  if (!files.length) return;
  const place = make("div", "files");
  place.append(...files.map((file) => (file.thumbnail ? pictureOf(file) : fileOf(file))));
  row.querySelector(".edited").after(place);
}

function pictureOf({ name, url, thumbnail, picture, alt, width, height }) {
  const link = fresh("picture-template");
  const share = Math.min(1, WIDEST / width, HIGHEST / height);
  const [inline, block] = [width, height].map((pixels) => Math.max(1, Math.round(pixels * share)));
  link.href = picture;
  Object.assign(link.dataset, { name, download: url });
  // The size first: nothing moves when the picture is here.
  Object.assign(link.querySelector("img"), { width: inline, height: block, alt: alt || name, src: thumbnail });
  return link;
}

function fileOf({ name, url, size }) {
  const link = fresh("file-template");
  link.href = url;
  link.querySelector(".file-name").textContent = name;
  link.querySelector(".file-about").textContent = aboutFile(name, size);
  return link;
}

/** Opens a picture over the page; with a key held down the browser does what it does with links. */
export function offerPictures(log) {
  log.addEventListener("click", (event) => {
    const link = event.target.closest("a.picture[href]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    import("./lightbox.js").then(({ open }) => open(link));
  });
}

/** Loads how files are sent when somebody begins to; `onLoaded` gets it before anything is done with it. Returns what loads it. */
export function awaitFiles(form, send, onLoaded) {
  let loading;
  const load = () => {
    loading ??= import("./files.js").then(({ Luggage }) => new Luggage(form, send));
    return loading.then((luggage) => (onLoaded(luggage), luggage));
  };
  form.querySelector(".attach").addEventListener("click", async () => (await load()).choose());
  for (const kind of ["paste", "dragenter", "dragover", "drop"]) {
    addEventListener(kind, (event) => {
      const { types = [], files = [] } = event.clipboardData ?? event.dataTransfer ?? {};
      // Programs that copy text put a picture of it beside it.
      if (!types.includes("Files") || (kind === "paste" && types.includes("text/plain"))) return;
      event.preventDefault(); // or the browser would leave the page for the file
      const given = [...files];
      load().then((luggage) => luggage.receive(kind, given));
    });
  }
  return load;
}
