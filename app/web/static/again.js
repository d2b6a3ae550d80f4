/* Refreshes part of a page every few seconds when a person asks for it, or while something is under way, until they stop it. Without this file, the link
   "Refresh" does it once. */
"use strict";

(() => {
  const offer = document.querySelector("[data-again]");
  const button = offer?.querySelector("button");
  if (!button) return;
  let timer = null;

  async function look() {
    const shown = document.getElementById("looked-at");
    // Do not replace the content while the focus is in it.
    if (document.hidden || shown.contains(document.activeElement)) return;
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      const found = fresh.getElementById("looked-at");
      if (found) shown.replaceWith(document.adoptNode(found));
    } catch {
      // The application does not answer: keep the last content and try again.
    }
  }

  button.addEventListener("click", () => {
    if (timer === null) {
      timer = setInterval(look, Number(offer.dataset.again) * 1000);
      button.textContent = "stop";
    } else {
      clearInterval(timer);
      timer = null;
      button.textContent = "start";
    }
  });
  offer.hidden = false;
  if ("againNow" in offer.dataset) button.click();
})();
