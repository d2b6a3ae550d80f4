/* Says that there are new items, without touching the list. Without this file the page says so when it is loaded again. */
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
    link.textContent = `${total} new ${total === 1 ? "item" : "items"} – show ${total === 1 ? "it" : "them"}`;
    link.hidden = false;
  }

  async function ask() {
    timer = null;
    try {
      const answer = await fetch(address(region.dataset.news), { headers: { Accept: "application/json" } });
      // A page in place of the answer: the session has ended, and signing in is up to the person.
      if (!(answer.headers.get("Content-Type") || "").startsWith("application/json")) over = true;
      else if (answer.ok) {
        const news = await answer.json();
        tell(news.new, news.moment);
      }
    } catch {
      // The application does not answer: the next question may be luckier.
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
      // A stream that ended is opened again by the browser; one that was refused is not.
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

  // A page nobody looks at holds no place on the server.
  document.addEventListener("visibilitychange", () => {
    rest();
    if (!document.hidden && !over) listen();
  });
  window.addEventListener("pagehide", rest);
  listen();
})();
