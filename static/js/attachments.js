/**
 * The picture of a message's files, cloned from the page's own templates as the server draws them; loaded with the first.
 */
import { make, t } from "./app.js";
import { fresh } from "./message.js";

const SIZES = ["B", "KiB", "MiB", "GiB", "TiB"];
// The box in which a picture stands in a conversation, in pixels.
const WIDEST = 480;
const HIGHEST = 360;

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
