// Only to please: everything works without it.
"use strict";
for (const part of document.querySelectorAll(".script")) part.hidden = false;
const errors = document.getElementById("errors");
if (errors) errors.focus();
const leave = document.getElementById("leave");
leave.addEventListener("click", (event) => {
  event.preventDefault();
  document.body.replaceChildren();
  location.replace(leave.href);
});
for (const button of document.querySelectorAll("[data-copy]"))
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent);
    button.textContent = button.dataset.done;
  });
for (const button of document.querySelectorAll("[data-large]"))
  button.addEventListener("click", () => {
    const words = document.getElementById(button.dataset.large);
    const close = document.createElement("button");
    const end = () => { words.classList.remove("large"); close.remove(); button.focus(); };
    words.classList.add("large");
    close.className = "close go";
    close.textContent = button.dataset.close;
    close.addEventListener("click", end);
    close.addEventListener("keydown", (event) => { if (event.key === "Escape") end(); });
    words.after(close);
    close.focus();
  });
for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => print());
// "None of these" and the marks rule each other out.
const none = document.getElementById("none");
if (none) {
  const others = [...none.form.querySelectorAll("input[type=checkbox]")].filter((box) => box !== none);
  none.addEventListener("change", () => { if (none.checked) for (const box of others) box.checked = false; });
  for (const box of others) box.addEventListener("change", () => { if (box.checked) none.checked = false; });
}
