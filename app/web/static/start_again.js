/* Follows the link of this page as soon as the application has stopped and answers again. Without this file, a person does. */
"use strict";

(() => {
  const place = document.getElementById("when-it-answers");
  const link = place?.querySelector("a");
  if (!link) return;
  let stopped = false;

  setInterval(async () => {
    try {
      const answer = await fetch(place.dataset.ready);
      if (stopped && answer.ok) location.assign(link.href);
    } catch {
      stopped = true;
    }
  }, 1000);
})();
