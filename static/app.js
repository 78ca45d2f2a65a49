// What the pages can do better where scripts run; every one of them works without.
"use strict";
document.documentElement.classList.add("scripted");

// − and + beside a whole number: they type for the buyer, so that whatever listens to typing hears it.
function step(button) {
  const stepper = button.closest("[data-stepper]");
  const field = stepper.querySelector("input");
  const [least, most] = [Number(stepper.dataset.least), Number(stepper.dataset.most)];
  const typed = /^\s*\d+\s*$/.test(field.value) ? Number(field.value) : least;
  const next = Math.min(most, Math.max(least, typed + Number(button.dataset.step)));
  if (String(next) === field.value) return;
  field.value = String(next);
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.dispatchEvent(new Event("change", { bubbles: true }));
}

async function copy(button) {
  const shown = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(shown.textContent.trim());
    announce("Copied.");
    button.textContent = "Copied";
  } catch {
    // No leave to write to the clipboard: select it, so that the buyer can copy it by hand.
    getSelection().selectAllChildren(shown);
    announce("Selected. Press Ctrl and C, or Command and C, to copy it.");
  }
}

function announce(text) {
  const status = document.getElementById("status");
  if (status) status.textContent = text;
}

// An answer that never came, or one that htmx could not put anywhere, must not look like nothing happened.
function tellFailure(text) {
  const place = document.getElementById("problem");
  if (!place) return;
  const note = document.createElement("div");
  note.className = "error-summary";
  note.tabIndex = -1;
  note.setAttribute("role", "alert");
  const [heading, line] = [document.createElement("h2"), document.createElement("p")];
  heading.textContent = "There is a problem";
  line.textContent = text;
  note.append(heading, line);
  place.replaceChildren(note);
  note.focus();
}

document.addEventListener("click", (event) => {
  const pressed = event.target.closest("[data-step], [data-copy], .error-summary a");
  if (!pressed) return;
  if (pressed.matches("[data-step]")) return step(pressed);
  if (pressed.matches("[data-copy]")) return void copy(pressed);
  const field = document.getElementById(decodeURIComponent(pressed.hash.slice(1)));
  if (!field) return;
  event.preventDefault();
  field.focus();
  field.scrollIntoView({ block: "center" });
});

document.addEventListener("htmx:error", () => {
  tellFailure("The store could not be reached. Check your connection and press again: an order is never charged twice.");
});

// A proxy's error page, or a refusal in plain text, is no part of ours: say so instead of putting it into the page.
document.addEventListener("htmx:before:swap", (event) => {
  const { response, text } = event.detail.ctx;
  if (response.status < 400 || text.includes("error-summary")) return;
  event.preventDefault();
  tellFailure("The store did not answer as it should. Press again: an order is never charged twice.");
});

// A choice made (or filled in by the browser) before scripts ran is told now.
addEventListener("load", () => document.querySelectorAll("select[hx-post]").forEach((field) => {
  const drawn = Math.max(0, [...field.options].findIndex((option) => option.defaultSelected));
  if (field.selectedIndex !== drawn) field.dispatchEvent(new Event("change", { bubbles: true }));
}));
