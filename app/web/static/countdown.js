/* Counts down the seconds until a credential expires. Without this file, the text shows the time left when the page was loaded. */
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
      each.textContent = left > 0 ? `Valid: expires in ${text(left)}` : "Expired since this page was loaded";
      some ||= left > 0;
    }
    if (!some) clearInterval(timer);
  }, 1000);
})();
