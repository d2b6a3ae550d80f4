/* Selects all lines of a list at once. Without this file, each line is selected individually. */
"use strict";

(() => {
  for (const button of document.querySelectorAll("[data-select-all]")) {
    const boxes = [...button.form.querySelectorAll("input[type=checkbox][name=flag]")];
    const all = () => boxes.every((box) => box.checked);
    const say = () => {
      button.textContent = all() ? "Select none on this page" : "Select all on this page";
    };
    button.addEventListener("click", () => {
      const wanted = !all();
      for (const box of boxes) box.checked = wanted;
      say();
    });
    button.form.addEventListener("change", say);
    button.hidden = boxes.length === 0;
  }
})();
