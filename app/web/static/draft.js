/* Keeps what is typed about a flag: sends it as a draft some seconds after typing stops and when the page is left, and
   before a form is sent, so that nothing is lost if the connection is. Without this file, forms are sent as they are. */
"use strict";

(() => {
  const PAUSE = 3000;
  const PATIENCE = 10000;
  const part = document.querySelector("[data-draft]");
  const state = document.getElementById("draft-state");
  if (!part || !state || !window.fetch) return;
  const forms = [...part.querySelectorAll("form[data-typed]")];
  if (!forms.length) return;

  const PROBLEMS = {
    400: "This page is out of date. Copy your text and load the page again.",
    401: "Your session has ended. Copy your text, sign in again, and load this page.",
    403: "You may no longer send this. Copy your text.",
    404: "This flag no longer exists. Copy your text.",
    429: "Too many requests in this minute. Your text is kept on this page: wait a moment, then send it again.",
    503: "The database does not answer. Your text is kept on this page: send it again in a moment.",
  };
  const AWAY = "The application cannot be reached. Your text is kept on this page: send it again when you are connected.";

  function typed() {
    const all = new FormData();
    for (const form of forms) {
      for (const [name, value] of new FormData(form)) all.set(name, value);
    }
    return all;
  }

  const written = (data) => JSON.stringify([...data].filter(([name]) => name !== "csrf_token"));
  let stored = written(typed());
  let timer = null;
  let leaving = false;
  let last = Promise.resolve(null);

  function say(text, wrong) {
    if (state.textContent !== text) state.textContent = text;
    state.classList.toggle("usa-error-message", wrong);
  }

  async function send(data, options) {
    try {
      const answer = await fetch(part.dataset.draft, {
        method: "POST", body: data, redirect: "manual", headers: { Accept: "application/json" }, ...options,
      });
      if (answer.ok) {
        stored = written(data);
        say(`Draft saved at ${(await answer.json()).saved}.`, false);
      } else if (answer.status === 422) {
        say("A text is too long: this draft was not saved.", true);
      } else {
        say(PROBLEMS[answer.status] || `The draft was not saved (HTTP ${answer.status}).`, true);
      }
      return answer.status;
    } catch {
      say(AWAY, true);
      return 0;
    }
  }

  /* One after the other, so that an older text never arrives after a newer one. */
  function save(options) {
    clearTimeout(timer);
    last = last.then(() => {
      const data = typed();
      return written(data) === stored && !options.always ? null : send(data, options.fetch());
    });
    return last;
  }

  const patient = () => ({ signal: AbortSignal.timeout(PATIENCE) });

  part.addEventListener("input", () => {
    clearTimeout(timer);
    if (leaving) return;
    timer = setTimeout(() => save({ fetch: patient }), PAUSE);
  });

  function leave() {
    const data = typed();
    if (leaving || written(data) === stored) return;
    clearTimeout(timer);
    send(data, { keepalive: true });
  }

  addEventListener("pagehide", leave);
  document.addEventListener("visibilitychange", () => { if (document.hidden) leave(); });
  addEventListener("pageshow", (event) => { if (event.persisted) leaving = false; });

  for (const form of forms) {
    form.addEventListener("submit", async (event) => {
      if (leaving) return;
      event.preventDefault();
      const status = await save({ always: true, fetch: patient });
      if (status !== 200 && status !== 422) {
        state.focus();
        return;
      }
      leaving = true;
      form.requestSubmit(event.submitter);
    });
  }
  // After signing out or discarding the draft, nothing may be kept.
  for (const form of document.querySelectorAll("form[action*='sign-out'], form[data-discards]")) {
    form.addEventListener("submit", () => { leaving = true; clearTimeout(timer); });
  }
})();
