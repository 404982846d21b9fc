/**
 * The button in a password's field that shows what has been typed.
 */
function offerToShow(button) {
  const field = document.querySelector(button.dataset.show);
  const draw = (isShown) => {
    field.type = isShown ? "text" : "password";
    button.setAttribute("aria-pressed", String(isShown));
    button.setAttribute("aria-label", isShown ? button.dataset.labelHide : button.dataset.labelShow);
  };
  button.hidden = false;
  button.addEventListener("click", () => draw(field.type === "password"));
  field.form.addEventListener("submit", () => draw(false)); // browsers offer to save only what is a password
  draw(false);
}

document.querySelectorAll("[data-show]").forEach(offerToShow);
