// Only to please: everything works without it. With it, the browser's own way back works too, and no page is sent twice.
"use strict";

const pages = [document.documentElement.outerHTML]; // what was shown, in this window's memory alone
history.replaceState(0, "");

function show(html) {
  const next = new DOMParser().parseFromString(html, "text/html");
  document.documentElement.lang = next.documentElement.lang;
  document.documentElement.dir = next.documentElement.dir;
  document.body.replaceWith(document.adoptNode(next.body));
  scrollTo({ top: 0, behavior: "instant" });
  enhance();
  (document.getElementById("errors") || document.getElementById("main")).focus({ preventScroll: true });
}

// What was chosen and typed, as marks of the page itself, so that the way back shows it again.
function written() {
  for (const field of document.querySelectorAll("main input")) {
    if (["radio", "checkbox"].includes(field.type)) field.toggleAttribute("checked", field.checked);
    else if (field.type !== "hidden") field.setAttribute("value", field.value);
  }
  for (const field of document.querySelectorAll("main textarea")) field.textContent = field.value;
  for (const option of document.querySelectorAll("main option")) option.toggleAttribute("selected", option.selected);
  return document.documentElement.outerHTML;
}

let sending = false; // whoever presses twice has answered once
document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.dataset.plain !== undefined || (event.submitter && event.submitter.dataset.plain !== undefined)) return;
  event.preventDefault();
  if (sending) return;
  sending = true;
  const body = new URLSearchParams(new FormData(form, event.submitter));
  let html;
  try {
    html = await (await fetch(form.action, { method: "POST", body })).text();
  } catch {
    // No answer: let the browser send the form and say what it says.
    for (const [name, value] of body) if (!form.elements[name]) {
      const field = document.createElement("input");
      [field.type, field.name, field.value] = ["hidden", name, value];
      form.append(field);
    }
    form.submit();
    return;
  } finally {
    sending = false;
  }
  const here = history.state || 0;
  pages.splice(here, pages.length, written(), html);
  history.pushState(here + 1, "");
  show(html);
});
addEventListener("popstate", (event) => { if (pages[event.state]) show(pages[event.state]); });

function enhance() {
  for (const part of document.querySelectorAll(".script")) part.hidden = false;
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
  for (const button of document.querySelectorAll("[data-large]")) button.addEventListener("click", () => enlarge(button));
  for (const button of document.querySelectorAll("[data-print]")) button.addEventListener("click", () => print());
  for (const region of document.querySelectorAll("[data-for]")) {
    const box = document.getElementById(region.dataset.for);
    const shown = () => region.classList.toggle("on", box.checked);
    region.addEventListener("click", () => { box.checked = !box.checked; shown(); });
    box.addEventListener("change", shown);
    shown();
  }
  const none = document.getElementById("none");
  if (none) {
    // "None of these" and the marks rule each other out.
    const others = [...none.form.querySelectorAll("input[type=checkbox]")].filter((box) => box !== none);
    none.addEventListener("change", () => { if (none.checked) for (const box of others) box.checked = false; });
    for (const box of others) box.addEventListener("change", () => { if (box.checked) none.checked = false; });
  }
}

function enlarge(button) {
  const words = document.getElementById(button.dataset.large);
  const close = document.createElement("button");
  const end = () => { words.classList.remove("large"); close.remove(); button.focus(); };
  words.classList.add("large");
  close.type = "button";
  close.className = "close go";
  close.textContent = button.dataset.close;
  close.addEventListener("click", end);
  close.addEventListener("keydown", (event) => { if (event.key === "Escape") end(); });
  words.after(close);
  close.focus();
}

enhance();
if (document.getElementById("errors")) document.getElementById("errors").focus();

// A card opens in a window of its own. Whoever leaves one window leaves them all.
if ("BroadcastChannel" in self) {
  const windows = new BroadcastChannel("equina");
  document.addEventListener("click", (event) => { if (event.target.closest("#leave")) windows.postMessage("leave"); }, true);
  windows.addEventListener("message", () => {
    const elsewhere = document.getElementById("leave").href;
    document.body.replaceChildren();
    location.replace(elsewhere);
  });
}
