"""The whole system on real servers, started once for all tests that need it."""

import json
import re
import ssl
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from secrets import token_urlsafe
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import UUID, uuid4

import httpx
import pikepdf
import psycopg
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis
from psycopg import sql
from psycopg.rows import dict_row

from app import usecases
from app.connections.database import Sessions, connect, sessions
from app.credentials.progress import Progress
from app.settings import Settings
from infra.environment import forget_foreign
from infra.local.options import EVERYTHING, Outside, Part, StackOptions
from infra.local.stack import LocalStack
from infra.secrets_folder import SecretsFolder

forget_foreign()  # a proxy or PGOPTIONS of the shell must not reach the tests
# A busy machine must not fail a test: no example has a time limit.
hypothesis.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.load_profile("untimed")

#: More than the hand-written scenarios, so that generated actions are there as well.
ACTIONS = 40
#: The triggers that keep the rows of one table as they are.
FENCE = """
SELECT tgrelid::regclass::text, tgname FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
WHERE tgrelid = %s::regclass AND (proname = 'refuse_change' OR proname LIKE 'demand%%')
"""
#: Made once: otherwise it takes the greater part of each short request.
TLS = ssl.create_default_context()


def wait_until(condition: Callable[[], Any], *, seconds: float = 30, what: str = "it") -> Any:
    """Returns what `condition` returns as soon as it is true; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:g} s"
        time.sleep(0.05)
    return found


@pytest.fixture(scope="session")
def until() -> Callable[..., Any]:
    """Polls with a deadline: `until(condition, seconds=30, what="…")`."""
    return wait_until


@dataclass(frozen=True, kw_only=True)
class System:
    """A running system, and an administrator's token for its vault that no part of the system has."""

    stack: LocalStack
    vault: LocalStack
    admin_token: str
    sessions: Sessions
    actions: Sequence[str]

    def settings(self, process: str, **changed: Any) -> Settings:
        """The settings of one of its processes, with changes."""
        variables = {name.lower(): value for name, value in self.stack.environment(process).items()}
        known = {name: value for name, value in variables.items() if name in Settings.model_fields}
        return Settings(**{**known, **changed})

    def run(self, *action_ids: str, seconds: float = 60) -> list[UUID]:
        """Run these actions and wait until every run ended."""
        run_ids = self.request(*action_ids)
        self.wait(run_ids, seconds=seconds)
        return run_ids

    def request(self, *action_ids: str) -> list[UUID]:
        """Request a run of each action."""
        return usecases.request_runs(self.sessions, action_ids, requested_by="test")

    def wait(self, run_ids: Sequence[UUID], *, seconds: float = 60) -> None:
        """Wait until every run ended."""
        assert self.stack.options.starts(Part.WORKER), "no worker here: mark this file with whole_system"
        questions = Progress(self.sessions)

        def ended() -> bool:
            self.stack.check()
            return questions.ended(run_ids) == len(run_ids)

        wait_until(ended, seconds=seconds, what="the end of all runs")

    def copy(self, action_id: str) -> str:
        """The same action under another id, with which nobody has done anything."""
        copied = f"{action_id}-{uuid4().hex[:12]}"
        self.execute(
            "INSERT INTO action (action_id, action_type, piid, modification, amount, effective_date, description,"
            " vendors, terms) SELECT %s, action_type, piid, modification, amount, effective_date, description,"
            " vendors, terms FROM action WHERE action_id = %s",
            *(copied, action_id),
        )
        return copied

    def rows(self, query: str, *parameters: object) -> list[dict[str, Any]]:
        """Rows of the application's database, as its superuser."""
        with self.stack.services.database.connect("triage") as connection:
            return connection.cursor(row_factory=dict_row).execute(query, parameters).fetchall()

    def execute(self, query: str, *parameters: object) -> None:
        """A statement in the application's database, as its superuser and past the fence, which stops it too."""
        with self.stack.services.database.connect("triage") as connection:
            try:
                connection.execute(query, parameters)
            except psycopg.errors.InsufficientPrivilege:
                self._past_the_fence(connection, query, parameters)

    def _past_the_fence(
        self, connection: psycopg.Connection, query: str, parameters: Sequence[object]
    ) -> None:
        (table,) = re.findall(r"^\s*(?:UPDATE|DELETE FROM) (\w+)", query)
        with connection.transaction():
            fence = [[sql.Identifier(name) for name in row] for row in connection.execute(FENCE, [table])]
            for names in fence:
                connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER {}").format(*names))
            connection.execute(query, parameters)
            for names in fence:
                connection.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER {}").format(*names))

    def ledger(self, user: str, password: str) -> psycopg.Connection:
        """A connection to the ledger as a leased user would make it."""
        server = self.stack.services.database
        return psycopg.connect(
            host=server.host,
            port=server.port,
            dbname="ledger",
            user=user,
            password=password,
            connect_timeout=5,
            autocommit=True,
        )

    def ask_vault(
        self, method: str, path: str, data: dict[str, Any] | None = None, *, token: str | None = None
    ) -> httpx.Response:
        """A plain HTTP request to the vault, as administrator unless `token` is given ("" for none)."""
        used = self.admin_token if token is None else token
        return httpx.request(
            method,
            f"{self.stack.endpoints['vault']}/v1/{path}",
            json=data,
            headers={"X-Vault-Token": used} if used else {},
            timeout=10,
            trust_env=False,
            verify=TLS,
        )

    def audit_lines(self, run_id: UUID | None = None) -> list[dict[str, Any]]:
        """The vault's audit lines, or those whose token was bound to `run_id`; read independently of the product's parser."""
        written, _, _ = self.vault.layout.audit_log.read_text().rpartition("\n")  # the rest is being written
        lines = [json.loads(line) for line in written.splitlines()]
        if run_id is None:
            return lines
        wanted = str(run_id)
        return [
            line for line in lines if ((line.get("auth") or {}).get("metadata") or {}).get("run_id") == wanted
        ]


@contextmanager
def running_system(folder: Path, **wanted: Any) -> Iterator[System]:
    """Every part, on free ports, in `folder`; `wanted` are fields of `StackOptions` that differ from the usual ones.

    The vault is an outside one, so that a test can keep an administrator's token while the root token that
    provisioning was given is revoked.
    """
    vault_options = StackOptions(parts=frozenset({Part.VAULT}), usual_ports=False)
    with LocalStack(folder / "vault", options=vault_options) as vault:
        address, root = vault.endpoints["vault"], vault.startup.provisioning.root_token
        made = httpx.post(
            f"{address}/v1/auth/token/create-orphan",
            json={"policies": ["root"]},
            headers={"X-Vault-Token": root},
            trust_env=False,
        )
        secrets = SecretsFolder(folder / "secrets")
        secrets.replace("operator", "vault-root-token", root)
        outside = Outside(
            vault=address,
            vault_audit_log=str(vault.layout.audit_log),
            vault_audit_log_2=str(vault.layout.audit_log_2),
            secrets_folder=secrets.root,
        )
        usual = {"actions": ACTIONS, "concurrency": 4, "environment": {"ATTEMPT_LEASE": "20"}}
        options = StackOptions(parts=EVERYTHING, usual_ports=False, outside=outside, **{**usual, **wanted})
        with LocalStack(folder / "home", options=options) as stack:
            token = made.json()["auth"]["client_token"]
            with _submitted(stack) as (factory, ids):
                yield System(stack=stack, vault=vault, admin_token=token, sessions=factory, actions=ids)


@contextmanager
def running_pages(folder: Path) -> Iterator[System]:
    """The pages, with actions in their database and an identity provider; no vault, no tools, and no run is carried out."""
    with running_stack(
        folder, parts=frozenset({Part.POSTGRES, Part.PROVISION, Part.IDENTITY, Part.WEB})
    ) as pages:
        yield pages


@contextmanager
def running_stack(folder: Path, *, parts: frozenset[Part] = EVERYTHING) -> Iterator[System]:
    """The stack as `triage stack up` starts it, on free ports: nobody has an administrator's token for its vault."""
    options = StackOptions(parts=parts, usual_ports=False, actions=ACTIONS)
    with LocalStack(folder, options=options) as stack, _submitted(stack) as (factory, ids):
        yield System(stack=stack, vault=stack, admin_token="", sessions=factory, actions=ids)


@contextmanager
def _submitted(stack: LocalStack) -> Iterator[tuple[Sessions, Sequence[str]]]:
    """Submits the actions of a stack's scenarios: access to its database, and the ids."""
    variables = stack.environment("web")
    app = Settings(
        database_url=variables["DATABASE_URL"], database_password_file=variables["DATABASE_PASSWORD_FILE"]
    )
    engine = connect(app, pool_size=2)
    factory = sessions(engine)
    inbox = Path(stack.layout.scenarios / "inbox.json").read_text(encoding="utf-8")
    ids, _ = usecases.submit(factory, inbox)
    yield factory, ids
    engine.dispose()


@pytest.fixture(scope="session")
def start_system() -> Callable[..., AbstractContextManager[System]]:
    """Starts another system, for tests that break theirs: `with start_system(folder, workers=2) as broken:`."""
    return running_system


class Browser:
    """Acts at the identity provider as a browser would."""

    def __init__(self, provider: httpx.Client) -> None:
        self._provider = provider

    def choose(self, address: str, persona: str, **chosen: str) -> str:
        """Answer the provider's page at `address`; where it sends the browser back to. `method` may be chosen as well."""
        page = self._provider.get(address)
        assert page.status_code == 200, page.text
        sent = self._provider.post(address, data={"persona": persona, **chosen})
        assert sent.status_code == 302, sent.text
        return sent.headers["Location"]

    def follow(self, address: str) -> str:
        """Where the provider leads on to from `address`."""
        answer = self._provider.get(address)
        assert answer.status_code == 302, answer.text
        return answer.headers["Location"]


COOKIE = "__Host-triage"


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Answers the identity provider's page."""
    with httpx.Client(timeout=10, trust_env=False, verify=TLS) as provider:
        yield Browser(provider)


@pytest.fixture(scope="module")
def session_of(system, browser) -> Iterator[Callable[[str], str]]:
    """The cookie of a person who signed in at the served pages: `session_of("officer-a")`, see `mocks.identity_provider`.

    Sessions live in the database, so the cookie is good for every application on it. Send it as a header
    `Cookie: __Host-triage=…`; httpx's own jar keeps Secure cookies to itself on plain HTTP.
    """
    known: dict[str, str] = {}
    with httpx.Client(
        base_url=system.stack.endpoints["web"], timeout=10, trust_env=False, verify=TLS
    ) as pages:

        def sent(address: str, cookie: str) -> httpx.Response:
            return pages.get(address, headers={"Cookie": f"{COOKIE}={cookie}"})

        def cookie(persona: str) -> str:
            # A test may have ended it, or it was unused for a quarter of an hour.
            if persona not in known or sent("/session", known[persona]).status_code != httpx.codes.OK:
                start = sent("/sign-in/start", "")
                back = browser.choose(start.headers["Location"], persona)
                signed_in = sent(back, start.cookies[COOKIE])
                assert signed_in.status_code == httpx.codes.FOUND, signed_in.text
                known[persona] = signed_in.cookies[COOKIE]
                pages.cookies.clear()
            return known[persona]

        yield cookie


@pytest.fixture(scope="module")
def tokens_of(system, browser) -> Callable[..., dict[str, str]]:
    """What the identity provider gives a program after a person signed in: access_token, id_token and so on."""
    issuer, web = system.stack.endpoints["identity-provider"], system.stack.endpoints["web"]

    def tokens(persona: str, **chosen: str) -> dict[str, str]:
        verifier = token_urlsafe(48)
        challenge = urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        client = {"client_id": "triage-web", "redirect_uri": f"{web}/sign-in/callback"}
        asked = {"response_type": "code", "scope": "openid profile", "state": "s", "nonce": token_urlsafe(16)}
        asked |= {"code_challenge": challenge, "code_challenge_method": "S256", **client}
        back = browser.choose(f"{issuer}/authorize?{urlencode(asked)}", persona, **chosen)
        code = parse_qs(urlsplit(back).query)["code"][0]
        exchange = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier, **client}
        answer = httpx.post(f"{issuer}/token", data=exchange, trust_env=False, verify=TLS)
        assert answer.status_code == httpx.codes.OK, answer.text
        return {"code": code, **answer.json()}

    return tokens


@pytest.fixture(scope="module")
def served(system, session_of) -> Iterator[Callable[[str], httpx.Client]]:
    """Makes clients of the served pages with a person signed in: `served("auditor-a").get("/flags")`."""
    with ExitStack() as made:

        def client(persona: str) -> httpx.Client:
            web = httpx.Client(
                base_url=system.stack.endpoints["web"],
                headers={"Cookie": f"{COOKIE}={session_of(persona)}"},
                timeout=20,
                trust_env=False,
                verify=TLS,
            )
            return made.enter_context(web)

        yield client


@pytest.fixture(scope="session")
def whole_system(tmp_path_factory) -> Iterator[System]:
    """The system shared by all tests that leave it as they found it."""
    with running_system(tmp_path_factory.mktemp("system")) as running:
        yield running


@pytest.fixture(scope="session")
def system(whole_system) -> System:
    """The shared system, under the name by which fixtures ask for it."""
    return whole_system


@pytest.fixture(scope="session")
def pages_alone(tmp_path_factory) -> Iterator[System]:
    """The pages, their database and the identity provider, which start in a third of the time of the whole system."""
    with running_pages(tmp_path_factory.mktemp("pages")) as running:
        yield running


@pytest.fixture(scope="session")
def pdf_text() -> Callable[[bytes], str]:
    """The text of a PDF as an independent reader extracts it: by its fonts' own tables, ignoring position and size."""

    def text(content: bytes) -> str:
        with pikepdf.open(BytesIO(content)) as file:
            return "".join(_shown(page) for page in file.pages)

    return text


def _shown(page: pikepdf.Page) -> str:
    fonts = {name: _letters(font) for name, font in page.resources.Font.items()}
    font: dict[str, str] = {}
    found: list[str] = []
    for operands, operator in pikepdf.parse_content_stream(page):
        if str(operator) == "Tf":
            font = fonts[str(operands[0])]
        elif str(operator) in {"Tj", "TJ"}:
            for part in operands[0] if str(operator) == "TJ" else operands:
                if isinstance(part, pikepdf.String):
                    raw = bytes(part)
                    found += [font[raw[at : at + 2].hex()] for at in range(0, len(raw), 2)]
    return "".join(found)


def _letters(font: pikepdf.Object) -> dict[str, str]:
    """Glyph numbers, as four hex digits, to the text they stand for."""
    table, number = font.ToUnicode.read_bytes().decode(), r"<([0-9a-fA-F]+)>\s*"
    found = {}
    for block in re.findall(r"beginbfchar(.*?)endbfchar", table, re.DOTALL):
        for glyph, text in re.findall(number * 2, block):
            found[glyph.lower()] = bytes.fromhex(text).decode("utf-16-be")
    for block in re.findall(r"beginbfrange(.*?)endbfrange", table, re.DOTALL):
        for first, last, text in re.findall(number * 3, block):
            for each in range(int(first, 16), int(last, 16) + 1):
                found[f"{each:04x}"] = chr(int(text, 16) + each - int(first, 16))
    return found
