/** The picture of what is missing from a room: which numbers, and the way to them. */
import { announce, make, page, t } from "./app.js";
import "./words.js";

/** Shows each gap after its element, with what became of asking for it; `follow(event, gap)` is for clicks on its link. */
export function draw(log, gaps, states, follow) {
  const spare = new Set(log.querySelectorAll(".hole"));
  gaps.forEach((gap, at) => {
    const row = [...spare].find(({ gap: { from, to } }) => from === gap.from || to === gap.to) ?? hole(follow);
    spare.delete(row);
    say(row, gap, states[at]);
    if (row.previousElementSibling !== gap.above) gap.above.after(row);
  });
  for (const row of spare) {
    if (row.contains(document.activeElement)) log.focus({ preventScroll: true });
    row.remove();
  }
}

function hole(follow) {
  const row = make("div", "note hole");
  row.setAttribute("role", "note");
  row.append(make("span"), make("a", "btn sm"));
  row.lastChild.addEventListener("click", (event) => follow(event, row.gap));
  return row;
}

function say(row, gap, state) {
  const { isPast, from, to } = gap;
  const [words, link] = row.children;
  const isFailed = Boolean(state) && state !== "loading";
  row.gap = gap;
  row.classList.toggle("warn", isFailed);
  row.setAttribute("aria-busy", String(state === "loading"));
  const [what, failed, lost] = from === to ? ["hole", "hole_failed", "hole_lost"] : ["holes", "holes_failed", "holes_lost"];
  write(words, [t(what, { n: to - from + 1, from, to }), isFailed ? t(state === "lost" ? lost : failed) : ""].join(" ").trim());
  write(link, t(state === "loading" ? "hole_loading" : isFailed ? "hole_retry" : "hole_load"));
  link.href = `/rooms/${page.room.slug}?${isPast ? `before=${to + 1}` : `after=${from - 1}`}`;
}

function write(place, text) {
  if (place.textContent !== text) place.textContent = text;
}

/** Says, below the newest message there is, that the server's data went back in time. */
export function sayRestored(newest) {
  const mark = make("p", "note warn restored", t("restored"));
  mark.setAttribute("role", "note");
  newest.after(mark);
  announce(t("restored"));
}
