/* Announces new flags without changing the list. Without this file, they appear when the page is loaded again. */
"use strict";

(() => {
  const region = document.getElementById("news");
  const link = region?.querySelector("a");
  if (!link) return;

  const POLL_EVERY = 30_000;
  let since = region.dataset.since;
  let total = 0;
  let source = null;
  let timer = null;
  let over = false;

  const address = (path) => {
    const url = new URL(path, location.href);
    url.searchParams.set("since", since);
    return url;
  };

  function tell(fresh, moment) {
    since = moment || since;
    if (!fresh) return;
    total += fresh;
    link.textContent = `${total} new ${total === 1 ? "flag" : "flags"} – show ${total === 1 ? "it" : "them"}`;
    link.hidden = false;
  }

  async function ask() {
    timer = null;
    try {
      const answer = await fetch(address(region.dataset.news), { headers: { Accept: "application/json" } });
      // HTML instead of JSON: the session has ended, and the person must sign in.
      if (!(answer.headers.get("Content-Type") || "").startsWith("application/json")) over = true;
      else if (answer.ok) {
        const news = await answer.json();
        tell(news.new, news.moment);
      }
    } catch {
      // The application does not answer: try again later.
    }
    poll();
  }

  function poll() {
    if (!over && !document.hidden && timer === null) timer = setTimeout(ask, POLL_EVERY);
  }

  function listen() {
    if (!window.EventSource) {
      poll();
      return;
    }
    source = new EventSource(address(region.dataset.events));
    source.addEventListener("news", (event) => tell(JSON.parse(event.data).new, event.lastEventId));
    source.addEventListener("full", () => {
      rest();
      poll();
    });
    source.addEventListener("error", () => {
      // The browser reopens a stream that ended, but not one that was refused.
      if (source.readyState === EventSource.CLOSED) {
        source = null;
        poll();
      }
    });
  }

  function rest() {
    source?.close();
    clearTimeout(timer);
    source = timer = null;
  }

  // A hidden page does not hold a stream on the server.
  document.addEventListener("visibilitychange", () => {
    rest();
    if (!document.hidden && !over) listen();
  });
  window.addEventListener("pagehide", rest);
  listen();
})();
