/* Follows a run: shows its page anew whenever something new is recorded of it, until every end is confirmed. Without this
   file, the link "Refresh" does it once. */
"use strict";

(() => {
  const POLL_EVERY = 2_000;
  const place = () => document.querySelector("#live[data-events]");
  if (!place()) return;
  const follows = document.getElementById("follows");
  let source = null;
  let timer = null;
  let looking = false;
  let again = false;

  const summaries = (part) => [...part.querySelectorAll("details > summary")];
  // Numbers in it change as the run goes on.
  const name = (summary) => summary.textContent.replace(/\d+/g, "").trim();

  function show(fresh) {
    const shown = place();
    const focused = shown.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    const open = new Set(summaries(shown).filter((each) => each.parentElement.open).map(name));
    for (const each of summaries(fresh)) if (open.has(name(each))) each.parentElement.open = true;
    shown.replaceWith(document.adoptNode(fresh));
    if (focused) document.querySelector(`#live a[href="${CSS.escape(focused)}"]`)?.focus({ preventScroll: true });
    const step = document.querySelector("#live .step-place")?.textContent;
    follows.textContent = place() ? `This page follows the run. ${step ?? ""}` : "The run has ended, and every end is confirmed.";
  }

  async function look() {
    if (looking) {
      again = true;
      return;
    }
    looking = true;
    try {
      const answer = await fetch(place().dataset.live, { headers: { Accept: "text/html" } });
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("live");
      if (fresh) show(fresh);
      else over(); // the session has ended
    } catch {
      // The application does not answer: keep the last content, and try again.
    }
    looking = false;
    if (!place()) over();
    else if (again) {
      again = false;
      look();
    }
  }

  function over() {
    source?.close();
    clearInterval(timer);
  }

  function poll() {
    timer ??= setInterval(() => document.hidden || look(), POLL_EVERY);
  }

  follows.hidden = false;
  if (!window.EventSource) {
    poll();
    return;
  }
  source = new EventSource(place().dataset.events);
  source.addEventListener("changed", look);
  source.addEventListener("full", () => {
    source.close();
    poll();
  });
  source.addEventListener("error", () => {
    // The browser reopens a stream that ended, but not one that was refused.
    if (source.readyState === EventSource.CLOSED) poll();
  });
})();
