/* Counts down how long a credential still lives. Without this file the text says how long it was when the page was made. */
"use strict";

(() => {
  const alive = [...document.querySelectorAll("[data-countdown]")];
  if (!alive.length) return;

  function text(seconds) {
    const minutes = Math.floor(seconds / 60);
    return minutes ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
  }

  const timer = setInterval(() => {
    let some = false;
    for (const each of alive) {
      const left = Math.ceil((Date.parse(each.dataset.countdown) - Date.now()) / 1000);
      each.textContent = left > 0 ? `Alive: ends by itself in ${text(left)}` : "Ended since this page was made";
      some ||= left > 0;
    }
    if (!some) clearInterval(timer);
  }, 1000);
})();
