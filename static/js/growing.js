/** Boxes as tall as what is written in them, in browsers that do not see to it themselves (Safari before 26.2). */

const fit = () => {
  for (const box of document.querySelectorAll("textarea")) {
    const edges = box.offsetHeight - box.clientHeight;
    box.style.blockSize = "auto";
    box.style.blockSize = `${box.scrollHeight + edges}px`;
  }
};

// Text also comes and goes with a click or a key that types nothing: sent, discarded, begun to be edited.
for (const name of ["input", "keyup", "click", "focusin"]) document.addEventListener(name, fit);
fit();
