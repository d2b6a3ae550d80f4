/* Opens the folded part that a link leads to. Without this file, the reader opens it. */
"use strict";

(() => {
  function open() {
    let target = null;
    try {
      target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    } catch {
      return; // not an address of anything on this page
    }
    if (!target) return;
    let opened = false;
    for (let part = target; part; part = part.parentElement) {
      if (part instanceof HTMLDetailsElement && !part.open) part.open = opened = true;
    }
    if (opened) target.scrollIntoView();
  }

  addEventListener("hashchange", open);
  document.addEventListener("click", (event) => {
    const link = event.target instanceof Element && event.target.closest('a[href^="#"]');
    // A second click on the same link changes no address.
    if (link && link.hash === location.hash) open();
  });
  open();
})();
