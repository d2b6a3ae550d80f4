/* Selects all lines of a list at once, and says how many are selected. Without this file, each line is selected individually. */
"use strict";

(() => {
  for (const button of document.querySelectorAll("[data-select-all]")) {
    const boxes = [...button.form.querySelectorAll("input[type=checkbox][name=flag]")];
    const all = () => boxes.every((box) => box.checked);
    const count = button.form.querySelector("[data-selected-count]");
    const say = () => {
      const selected = boxes.filter((box) => box.checked).length;
      if (count) count.textContent = selected ? `${selected} selected` : "";
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
