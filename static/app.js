// What the pages can do better where scripts run; every one of them works without.
"use strict";
document.documentElement.classList.add("scripted");

const tell = (field) => ["input", "change"].forEach((type) => field.dispatchEvent(new Event(type, { bubbles: true })));

// − and + beside a whole number: they type for the buyer, so that whatever listens to typing hears it.
function step(button) {
  const stepper = button.closest("[data-stepper]");
  const field = stepper.querySelector("input");
  const { least, most } = stepper.dataset;
  const next = Math.min(most, Math.max(least, (parseInt(field.value, 10) || 0) + Number(button.dataset.step)));
  if (String(next) !== field.value) tell(Object.assign(field, { value: next }));
}

const announce = (text) => document.getElementById("status")?.replaceChildren(text);
async function copy(button) {
  const shown = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(shown.textContent.trim());
    announce(button.textContent = "Copied");
  } catch {
    // No leave to write to the clipboard: select it, so that the buyer can copy it by hand.
    getSelection().selectAllChildren(shown);
    announce("Selected. Press Ctrl and C, or Command and C, to copy it.");
  }
}

// An answer that never came, or one that htmx could not put anywhere, must not look like nothing happened.
function tellFailure(text) {
  const make = (tag, given) => Object.assign(document.createElement(tag), given);
  const note = make("div", { className: "error-summary", tabIndex: -1, role: "alert" });
  note.append(make("h2", { textContent: "There is a problem" }), make("p", { textContent: text }));
  document.getElementById("problem")?.replaceChildren(note);
  note.focus();
}

document.addEventListener("click", (event) => {
  // Some browsers do not send what the attribute asks for; hearing of it twice counts once.
  const ping = event.target.closest("a[ping]")?.getAttribute("ping");
  if (ping) navigator.sendBeacon(ping);
  const pressed = event.target.closest("[data-step], [data-copy], .error-summary a");
  if (!pressed) return;
  if (pressed.matches("[data-step]")) return step(pressed);
  if (pressed.matches("[data-copy]")) return void copy(pressed);
  const field = document.getElementById(pressed.hash.slice(1));
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.scrollIntoView({ block: "center" });
});

// Enter in the field of a code applies it; without scripts it presses the order's button, which applies it first.
document.addEventListener("keydown", (event) => {
  const button = event.key === "Enter" && document.getElementById(event.target.dataset?.enter);
  if (!button) return;
  event.preventDefault();
  button.click();
});

// A double click is one press. After a second the next one counts, for somebody who stopped the page from loading.
addEventListener("submit", (event) => {
  const { dataset } = event.target;
  if (event.timeStamp - (dataset.pressed ?? -1000) < 1000) return event.preventDefault();
  dataset.pressed = event.timeStamp;
  announce("One moment …");
});

// What was wrong with a field was about what stood in it.
document.addEventListener("input", ({ target }) => {
  if (target.matches("[aria-invalid]")) document.getElementById(`${target.name}-error`)?.remove();
  target.removeAttribute("aria-invalid");
});

document.addEventListener("htmx:error", () => {
  tellFailure("The store could not be reached. Check your connection and press again: an order is never charged twice.");
});

// A proxy's error page, or a refusal in plain text, is no part of ours: say so instead of putting it into the page.
document.addEventListener("htmx:before:swap", (event) => {
  const { response, text } = event.detail.ctx;
  if (response.status < 400 || text.includes("<hx-partial")) return;
  event.preventDefault();
  tellFailure("The store did not answer as it should. Press again: an order is never charged twice.");
});

// What was chosen, typed or filled in before scripts ran is told now: after htmx, which begins by a timer too.
const asDrawn = (field) => field.options
  ? field.selectedIndex === Math.max(0, [...field.options].findIndex((option) => option.defaultSelected))
  : field.value === field.defaultValue && field.checked === field.defaultChecked;
const tellTouched = () => document.querySelectorAll(":is(select, input)[hx-trigger]").forEach((it) => asDrawn(it) || tell(it));
addEventListener("load", () => setTimeout(tellTouched));

// A wait that the page tells runs down; what is read out is its end alone.
setInterval(() => document.querySelectorAll("[data-countdown]").forEach((shown) => {
  const left = Math.ceil(((shown.dataset.until ??= Date.now() + shown.dataset.countdown * 1000) - Date.now()) / 1000);
  shown.textContent = left > 0 ? `${left} s left.` : "You can try again now.";
  if (left <= 0) { announce(shown.textContent); shown.removeAttribute("data-countdown"); }
}), 1000);
