/* Warns two minutes before the session ends, and lets it be extended without leaving the page.
   Without this file, the page says when the session ends, and its form extends it. */
"use strict";

(() => {
  const WARN = 120;
  const notice = document.getElementById("session");
  const warning = document.getElementById("session-warning");
  const left = document.getElementById("session-left");
  const extend = document.getElementById("session-extend");
  const stay = document.getElementById("session-stay");
  if (!notice || !warning || !warning.showModal) return;

  // Counted from the page load, not by the wall clock, which may be wrong or change.
  let end = performance.now() + Number(notice.dataset.seconds) * 1000;
  let closed = false;

  async function ask(address, options) {
    const answer = await fetch(address, {
      redirect: "manual", headers: { Accept: "application/json" }, ...options,
    });
    const seconds = answer.ok ? (await answer.json()).seconds : 0;
    end = performance.now() + seconds * 1000;
    return seconds;
  }

  function leave() {
    location.replace(notice.dataset.signedOut);
  }

  async function look() {
    let seconds = Math.round((end - performance.now()) / 1000);
    if (seconds <= WARN) {
      // Another tab may have extended it.
      try {
        seconds = await ask(notice.dataset.state);
      } catch {
        // The application cannot be reached: the last known end still holds.
      }
    }
    if (seconds <= 0) return leave();
    if (seconds > WARN) {
      closed = false;
      if (warning.open) warning.close();
    } else {
      left.textContent = seconds > 60 ? "less than two minutes" : "less than a minute";
      if (!warning.open && !closed) warning.showModal();
    }
    const next = seconds > WARN ? Math.min(seconds - WARN, 60) : Math.min(seconds, 10);
    setTimeout(look, next * 1000 + 200);
  }

  if (stay && extend) {
    stay.addEventListener("click", async () => {
      try {
        const seconds = await ask(extend.action, { method: "POST", body: new FormData(extend) });
        if (seconds <= 0) leave();
      } catch {
        return;
      }
      warning.close();
    });
  }
  document.getElementById("session-close").addEventListener("click", () => warning.close());
  warning.addEventListener("close", () => { closed = true; });
  look();
})();
