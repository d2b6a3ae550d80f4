"""The pages, read by a strict parser that refuses HTML a browser would have to repair."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import pytest
from flask.testing import FlaskClient
from jinja2.bccache import Bucket, BytecodeCache
from sqlalchemy import event
from sqlalchemy.engine import Engine

from app import usecases
from app.web.application import create_app

COOKIE = "__Host-triage"
VOID = frozenset({"meta", "link", "br", "hr", "img", "input", "wbr", "col"})
APART = frozenset({"td", "th", "dt", "dd", "li", "p", "br", "div", "h1", "h2", "h3", "h4", "h5", "h6"})
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
#: A JWT, a vault token of any kind, a private key.
SECRETS = re.compile(r"\beyJ[\w-]{8,}|\b(?:hv[sbr]|[sbr])\.[A-Za-z0-9]{20,}|BEGIN [A-Z ]*PRIVATE KEY")
#: Words that pass judgement; the tool may only report.
JUDGING = re.compile(r"violat|fraud|illegal|guilty|suspicious|offen[cd]|breach|non-?complian", re.IGNORECASE)


class Document(HTMLParser):
    """One page. `text` is what a reader sees, with single spaces; `rows` the cells of all table rows, as texts."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.html = html
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.problems: list[str] = []
        self.rows: list[list[str]] = []
        self.named: dict[str, str] = {}
        self._open: list[str] = []
        self._names: list[tuple[int, str, list[str]]] = []
        self._words: list[str] = []
        self._cell: list[str] | None = None
        self.feed(html)
        self.close()
        self.problems += [f"<{tag}> is never closed" for tag in self._open]

    @property
    def text(self) -> str:
        return " ".join("".join(self._words).split())

    @property
    def links(self) -> list[str]:
        return [attributes["href"] or "" for tag, attributes in self.tags if tag == "a"]

    @property
    def error(self) -> str | None:
        """The name of the error this page reports, as in `app.web.error_texts`; None if it reports none."""
        return next((h1["data-error"] for h1 in self.all("h1") if "data-error" in h1), None)

    def all(self, *names: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.tags if tag in names]

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "title" and "svg" in self._open:
            self.tags.append(("svg title", attributes))
        else:
            self.tags.append((tag, attributes))
        if len(attributes) != len(attrs):
            self.problems.append(f"<{tag}> repeats an attribute")
        if tag not in VOID:
            self._open.append(tag)
            if attributes.get("id"):
                self._names.append((len(self._open), attributes["id"], []))
        if tag == "tr":
            self.rows.append([])
        if tag in {"td", "th"}:
            self._cell = []
        if tag in APART:
            for words in (self._words, *(words for _, _, words in self._names)):
                words.append(" ")

    def handle_endtag(self, tag):
        if tag in VOID:
            self.problems.append(f"</{tag}> closes what holds nothing")
            return
        if not self._open or self._open[-1] != tag:
            self.problems.append(f"</{tag}> at {self.getpos()} closes <{(self._open or ['nothing'])[-1]}>")
            return
        if self._names and self._names[-1][0] == len(self._open):
            _, name, words = self._names.pop()
            self.named[name] = " ".join("".join(words).split())
        self._open.pop()
        if tag in {"td", "th"} and self._cell is not None:
            self.rows[-1].append(" ".join("".join(self._cell).split()))
            self._cell = None

    def handle_data(self, data):
        if self._open and self._open[-1] in {"style", "script"}:
            self.problems.append(f"<{self._open[-1]}> in the page")
        if "title" not in self._open:
            self._words.append(data)
        if self._cell is not None:
            self._cell.append(data + " ")
        for _, _, words in self._names:
            words.append(data)


def faults(document: Document) -> list[str]:
    """The defects of a page for a browser, a screen reader, or a careful reader."""
    tags = Counter(tag for tag, _ in document.tags)
    found = [*document.problems, *_names_and_links(document)]
    found += [f"{tags[tag]} <{tag}>" for tag in ("h1", "main", "title") if tags[tag] != 1]
    found += [f"<{tag}> in the page" for tag in ("style", "iframe") if tags[tag]]
    found += [
        "a script written into the page" for attributes in document.all("script") if "src" not in attributes
    ]
    tokens = [field["value"] or "" for field in document.all("input") if field.get("name") == "csrf_token"]
    writing = [form for form in document.all("form") if form.get("method") == "post"]
    found += [f"{len(writing)} forms that write, {len(tokens)} tokens"] * (len(writing) != len(tokens))
    found += ["no language"] * (document.all("html") != [{"lang": "en"}])
    found += ["a column head without scope" for attributes in document.all("th") if "scope" not in attributes]
    found += ["a table without caption"] * (tags["caption"] != tags["table"])
    levels = [int(tag[1]) for tag, _ in document.tags if tag in HEADINGS]
    found += [f"<h{low}> leads to <h{deep}>" for low, deep in pairwise(levels) if deep - low > 1]
    found += ["the first link does not skip to the content"] * (document.links[:1] != ["#main"])
    html = document.html
    for token in tokens:
        html = html.replace(token, "")
    found += [f"looks like a secret: {secret[:12]}" for secret in SECRETS.findall(html)]
    found += [f"judging word: {word}" for word in JUDGING.findall(document.text)]
    return found


def _names_and_links(document: Document) -> Iterator[str]:
    ids = Counter(attributes["id"] for _, attributes in document.tags if attributes.get("id"))
    yield from (f"the id {name} occurs {number} times" for name, number in ids.items() if number > 1)
    for tag, attributes in document.tags:
        if any(name == "style" or name.startswith("on") for name in attributes):
            yield f"<{tag}> with inline style or script"
        for name in ("aria-labelledby", "aria-describedby", "for"):
            yield from (
                f"{name} of {part}" for part in (attributes.get(name) or "").split() if part not in ids
            )
        for target in (attributes.get("href"), attributes.get("src")):
            if target is not None and not target.startswith(("/", "#")):
                yield f"<{tag}> leads outside: {target}"
            if target is not None and target.startswith("#") and target[1:] not in ids:
                yield f"<{tag}> leads nowhere: {target}"


class Compiled(BytecodeCache):
    """Templates compiled once for all applications; otherwise compiling takes most of the time of many tests."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if bucket.key in self._kept:
            bucket.bytecode_from_string(self._kept[bucket.key])

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._kept[bucket.key] = bucket.bytecode_to_string()


#: As a fixture it would be empty again in each file.
_COMPILED = Compiled()


@pytest.fixture(scope="module")
def system(request) -> Any:
    """The pages alone, or the whole system in files marked with `whole_system`, whose tests need a vault or runs."""
    whole = request.node.get_closest_marker("whole_system") is not None
    return request.getfixturevalue("whole_system" if whole else "pages_alone")


@pytest.fixture(scope="module")
def client_of(system, session_of):
    """Makes clients of the application, with the settings of the running one or some changed.

    `persona` is the person signed in, or None: `client_of(persona="auditor-a", database_url=…)`. Sessions are always
    looked up in the running database.
    """
    with ExitStack() as made:
        running = create_app(system.settings("web"))
        made.callback(running.extensions["triage.services"].close)

        def client(*, persona: str | None = "officer-a", **changed: Any) -> FlaskClient:
            app = create_app(system.settings("web", **changed))
            made.callback(app.extensions["triage.services"].close)
            app.session_interface = running.session_interface
            app.jinja_env.bytecode_cache = _COMPILED
            app.config["SERVER_NAME"] = urlsplit(system.stack.endpoints["web"]).netloc
            client = app.test_client()
            if persona is not None:
                host = urlsplit(system.stack.endpoints["web"]).hostname
                client.set_cookie(COOKIE, session_of(persona), domain=host, secure=True)
            return client

        yield client


@pytest.fixture
def signed_in(client_of) -> Callable[[str], FlaskClient]:
    """A client of the application with this persona signed in: `signed_in("auditor-a").get("/flags")`."""
    return lambda persona: client_of(persona=persona)


@pytest.fixture(scope="module")
def client(client_of):
    """A client of the application on the real database, vault log and stack, with contracting officer A signed in."""
    return client_of()


@pytest.fixture(scope="session")
def read() -> Callable[..., Document]:
    """Gets a page with a client, checks status and form, and returns it: `read(client, "/flags", status=200)`."""

    def page(client, address: str, *, status: int = 200) -> Document:
        answer = client.get(address)
        assert answer.status_code == status, f"{address}: HTTP {answer.status_code}"
        assert answer.content_type == "text/html; charset=utf-8"
        document = Document(answer.text)
        assert faults(document) == [], address
        return document

    return page


@pytest.fixture
def with_queries(client_of):
    """A client of the application with other read models in place of the database's, otherwise as of `client_of`."""

    def made(queries, **wanted):
        client = client_of(**wanted)
        known = client.application.extensions["triage.services"]
        replace(known, queries=queries, audit_log=None).init_app(client.application)
        return client

    return made


@pytest.fixture(scope="session")
def triaged(whole_system) -> dict[str, UUID]:
    """The hand-written actions these tests look at, each with a run of this session."""
    numbers = (1, 2, 3, 4, 7, 9, 12)
    wanted = [f"ACT-2026-{number:04}" for number in numbers]
    return dict(zip(wanted, whole_system.run(*wanted), strict=True))


@pytest.fixture
def submitted(system) -> Callable[..., str]:
    """Submits an action unknown to the outside systems, with changes, and returns its id."""

    def made(**changed: object) -> str:
        action_id = f"WEB-{uuid4().hex[:12]}"
        action = {
            "action_id": action_id,
            "action_type": "new_award",
            "piid": "70ZZ0126C9876",
            "modification": None,
            "amount": "1000.00",
            "effective_date": "2026-09-14",
            "description": "Nothing special",
            "vendors": [{"uei": "ZZ98WEBTEST1", "name": "EXAMPLE PAGE LLC", "role": "prime", "cage": None}],
        }
        usecases.submit(system.sessions, json.dumps({**action, **changed}))
        return action_id

    return made


@pytest.fixture
def held(system) -> Iterator[Callable[..., UUID]]:
    """Makes runs that no dispatcher takes, and deletes them afterwards: `held(action_id, stop_requested_at=None)`."""
    made = []

    def make(action_id: str, stop_requested_at: str | None = None) -> UUID:
        made.append(uuid4())
        system.execute(
            "INSERT INTO run (run_id, job_id, state, attempt, requested_by, requested_at, not_before,"
            " stop_requested_at) VALUES (%s, %s, 'requested', 0, 'somebody', now(), now() + interval '1 hour', %s)",
            made[-1],
            action_id,
            stop_requested_at,
        )
        return made[-1]

    yield make
    system.execute("DELETE FROM run WHERE run_id = ANY(%s)", made)


@pytest.fixture(scope="module")
def findings(system) -> Callable[..., Sequence[dict]]:
    """Findings of one run, as the database has them."""

    def of(run_id: UUID, rule: str | None = None) -> Sequence[dict]:
        rows = system.rows("SELECT * FROM flag WHERE run_id = %s ORDER BY rule, subject", run_id)
        return [row for row in rows if rule in {None, row["rule"]}]

    return of


@pytest.fixture
def questions() -> Callable[..., Any]:
    """Records the statements the application sends: `with questions() as asked: …`, then `len(asked)`."""

    @contextmanager
    def counted() -> Iterator[list[str]]:
        asked: list[str] = []

        def note(_connection, _cursor, statement, *_):
            asked.append(statement)

        event.listen(Engine, "before_cursor_execute", note)
        try:
            yield asked
        finally:
            event.remove(Engine, "before_cursor_execute", note)

    return counted


FLAG = """
    INSERT INTO flag (flag_id, run_id, attempt, action_id, rule, rule_version, title, severity, subject,
        because, authority_codified, authority_rfo, recommended, raised_at, systems, fact_key)
    VALUES (%s, %s, 1, %s, %s, 1, 'An invented difference', %s, %s, %s, 'FAR 4.1102', 'RFO 4.203', 'Look at both.',
        now() - make_interval(secs => %s), %s, %s)
"""

#: The same flag in a later run: its id, the id of the run, and the id of the flag.
REFOUND = """
    INSERT INTO flag (flag_id, run_id, attempt, action_id, rule, rule_version, title, severity, subject,
        because, authority_codified, authority_rfo, recommended, raised_at, systems, fact_key)
    SELECT %s, %s, 1, action_id, rule, rule_version, title, severity, subject, because, authority_codified,
        authority_rfo, recommended, now(), systems, fact_key
    FROM flag WHERE flag_id = %s
"""


@pytest.fixture
def flagged(system, submitted) -> Callable[..., list[UUID]]:
    """Flags on a new action, in the order given: `flagged({"severity": "advisory"}, {}, because="…")`.

    Fields: rule, severity, subject, because, age (seconds), systems, fact_key; `action` holds fields of the action.
    """

    def made(*flags: dict[str, Any], action: dict[str, Any] | None = None, **all_: Any) -> list[UUID]:
        action_id = submitted(**(action or {}))
        run_id = uuid4()
        system.execute(
            "INSERT INTO run (run_id, job_id, state, attempt, requested_by, requested_at, started_at, finished_at)"
            " VALUES (%s, %s, 'completed', 1, 'test', now(), now(), now())",
            run_id,
            action_id,
        )
        ids = []
        for number, given in enumerate(flags):
            flag = {
                "rule": "C02",
                "severity": "advisory",
                "subject": f"item {number}",
                "because": "They differ.",
            }
            flag |= {"age": 0, "systems": ["contracts"], "fact_key": None, **all_, **given}
            ids.append(flag_id := uuid4())
            told = (
                flag[name]
                for name in ("rule", "severity", "subject", "because", "age", "systems", "fact_key")
            )
            system.execute(FLAG, flag_id, run_id, action_id, *told)
        return ids

    return made
