/* Keyboard shortcuts for long lists and for deciding. Everything they do can also be done without them and without this file. */
"use strict";

(() => {
  const SETTING = "triage.keys";
  const dialog = document.getElementById("keys");
  const opener = document.getElementById("keys-open");
  const control = document.getElementById("keys-on");
  if (!dialog || !opener || !control || !dialog.showModal) return;

  let on = true;
  try {
    on = localStorage.getItem(SETTING) !== "off";
  } catch {
    // No storage in this browser: the shortcuts are on for this page.
  }

  const linkOf = (row) => row.querySelector("a[href]");
  const rows = () => [...document.querySelectorAll("[data-keys] > *")].filter(linkOf);
  const current = () => rows().find((row) => row.contains(document.activeElement));
  const form = () => document.querySelector("form[data-decision]");

  function walk(step) {
    const all = rows();
    const at = all.indexOf(current());
    const next = at < 0 ? (step > 0 ? 0 : all.length - 1) : Math.min(Math.max(at + step, 0), all.length - 1);
    if (all[next]) linkOf(all[next]).focus();
  }

  function open() {
    const row = current();
    if (row) linkOf(row).click();
  }

  function select() {
    current()?.querySelector("input[type=checkbox]")?.click();
  }

  function follow(key) {
    document.querySelector(`a[data-key="${key}"]`)?.click();
  }

  function decide() {
    const field = form()?.querySelector(":is(input:not([type=hidden]), select, textarea, button):not(:disabled)");
    if (field) field.focus();
  }

  // The reason follows the decision, so that is where to type next.
  function choose(number) {
    const answers = form()?.querySelectorAll("input[type=radio]:not(:disabled)") ?? [];
    if (!answers[number - 1]) return;
    answers[number - 1].click();
    form().querySelector("textarea")?.focus();
  }

  function help() {
    control.checked = on;
    dialog.showModal();
  }

  const actions = {
    j: () => walk(1), k: () => walk(-1), o: open, x: select, d: decide, n: () => follow("n"), p: () => follow("p"), "?": help,
  };
  for (const number of [1, 2, 3, 4, 5]) actions[number] = () => choose(number);

  document.addEventListener("keydown", (event) => {
    const target = event.target instanceof Element ? event.target : null;
    // Sends the form in which someone types, whether or not the other keys are on.
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && target?.matches("form[data-decision] *")) {
      event.preventDefault();
      target.closest("form").requestSubmit();
      return;
    }
    const typing = target?.closest("input, select, textarea, [contenteditable], [role=listbox], [role=combobox], dialog");
    const busy = event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.defaultPrevented;
    const covered = dialog.open;
    if (!on || typing || busy || covered || !Object.hasOwn(actions, event.key)) return;
    event.preventDefault();
    actions[event.key]();
  });

  control.addEventListener("change", () => {
    on = control.checked;
    try {
      localStorage.setItem(SETTING, on ? "on" : "off");
    } catch {
      // As above: the choice applies to this page only.
    }
  });
  opener.addEventListener("click", help);
  document.getElementById("keys-close").addEventListener("click", () => dialog.close());
  opener.hidden = false;
})();
