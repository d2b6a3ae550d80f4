/* Counts the time left down each second. Without this file, it is that of when the page was loaded. */
"use strict";

(() => {
  const counted = [...document.querySelectorAll("[data-left]")];
  if (!counted.length) return;
  const began = performance.now(); // the clock of this computer may be wrong, but it runs

  function words(seconds) {
    if (seconds <= 0) return "ended";
    const minutes = Math.floor(seconds / 60);
    return minutes ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
  }

  setInterval(() => {
    for (const each of counted) {
      each.textContent = words(Math.ceil(each.dataset.left - (performance.now() - began) / 1000));
    }
  }, 1000);
})();
