"""Nothing is called revoked that the vault and the ledger have not confirmed; what is not is tried again, and shown."""

import signal
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread

import httpx
import pytest

HTML = b"<html><body>The page is being serviced.</body></html>"
#: What the vault is made to answer, and what the sweeper says about it.
WRONG_ANSWERS = {
    "a page": (200, "text/html", HTML, "answered, but not as a vault does"),
    "a page of an error": (400, "text/html", HTML, "answered, but not as a vault does"),
    "other JSON": (200, "application/json", b'{"data": null}', "answered, but not as a vault does"),
    "a refusal": (403, "application/json", b'{"errors": ["permission denied"]}', "permission denied"),
    "sealed": (503, "application/json", b'{"errors": ["Vault is sealed"]}', "Vault is sealed"),
    "too busy": (429, "application/json", b'{"errors": ["rate limit quota exceeded"]}', "quota"),
    "an ingress": (404, "text/plain", b"default backend - 404", "answered, but not as a vault does"),
}
LOOK_UPS = ("auth/token/lookup-accessor", "sys/leases/lookup")


class Proxy:
    """Passes requests on to the vault, or answers look-ups in its place."""

    def __init__(self, vault: str) -> None:
        self.wrong: tuple[int, str, bytes] | None = None
        self.silent = False
        self._released = Event()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                is_question = self.path.endswith(LOOK_UPS)
                if is_question and proxy.silent:
                    proxy._released.wait(60)
                    self.close_connection = True
                elif is_question and proxy.wrong:
                    self._answer(*proxy.wrong)
                else:
                    headers = {"X-Vault-Token": self.headers.get("X-Vault-Token", "")}
                    with httpx.Client(trust_env=False, timeout=30) as client:
                        answer = client.request(
                            self.command, vault + self.path, content=body, headers=headers
                        )
                    self._answer(answer.status_code, answer.headers.get("Content-Type", ""), answer.content)

            do_PUT = do_GET = do_POST  # noqa: N815  # names of http.server

            def _answer(self, status: int, kind: str, body: bytes) -> None:
                self.send_response(status)
                self.send_header("Content-Type", kind)
                if status != httpx.codes.NO_CONTENT:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def heal(self) -> None:
        self.wrong, self.silent = None, False
        self._released.set()

    def close(self) -> None:
        self.heal()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(scope="module")
def system(fragile_system):
    """The system that relays lead to."""
    return fragile_system.system


@pytest.fixture
def proxy(fragile) -> Iterator[Proxy]:
    made = Proxy(fragile.stack.endpoints["vault"])
    yield made
    made.close()


@pytest.fixture
def sweeper(fragile, start):
    """A sweeper with other addresses, in place of the system's."""

    def replaced(**changed: str):
        fragile.signal_all_of("sweeper", signal.SIGSTOP)
        return start("workers.sweep", environment=fragile.stack.environment("sweeper") | changed)

    return replaced


def unconfirmed(fragile, run_id):
    rows = fragile.system.rows("SELECT * FROM attempt_end WHERE run_id = %s", run_id)
    return rows[0] if rows else None


def is_confirmed(fragile, run_id):
    return all(attempt["revoked_at"] for attempt in fragile.attempts(run_id))


@pytest.mark.parametrize("answer", WRONG_ANSWERS)
def test_an_answer_that_is_none_confirms_nothing(fragile, proxy, sweeper, until, answer):
    *proxy.wrong, reason = WRONG_ANSWERS[answer]
    sweeper(VAULT_ADDR=proxy.address)
    (run_id,) = fragile.system.run(fragile.plain[0])
    until(lambda: (row := unconfirmed(fragile, run_id)) and row["tries"] >= 2, what="two tries")
    assert reason in unconfirmed(fragile, run_id)["problem"]
    assert [row["revoked_at"] for row in fragile.attempts(run_id)] == [None]
    assert {row["revoked_at"] for row in fragile.credentials(run_id)} == {None}
    proxy.heal()
    until(lambda: is_confirmed(fragile, run_id), what="the confirmation")
    assert unconfirmed(fragile, run_id) is None
    leased = [row for row in fragile.credentials(run_id) if row["kind"] != "signed-token"]
    assert all(row["revoked_at"] for row in leased)


def test_a_silent_vault_confirms_nothing(fragile, proxy, sweeper, until):
    proxy.silent = True
    sweeper(VAULT_ADDR=proxy.address)
    (run_id,) = fragile.system.run(fragile.plain[0])
    until(lambda: unconfirmed(fragile, run_id), what="the reason")
    assert "no answer" in unconfirmed(fragile, run_id)["problem"]
    assert not is_confirmed(fragile, run_id)
    proxy.heal()
    until(lambda: is_confirmed(fragile, run_id), what="the confirmation")


def test_an_end_that_is_not_confirmed_for_a_minute_is_one_alarm(fragile, proxy, sweeper, until):
    *proxy.wrong, _ = WRONG_ANSWERS["a refusal"]
    sweeper(VAULT_ADDR=proxy.address)
    (run_id,) = fragile.system.run(fragile.plain[0])
    until(lambda: unconfirmed(fragile, run_id), what="the reason")
    alarms = "SELECT kind, attempt FROM alarm WHERE run_id = %s"
    assert not fragile.system.rows(alarms, run_id)
    fragile.system.execute(
        "UPDATE attempt_end SET since = since - interval '1 min', next_try_at = now() WHERE run_id = %s",
        run_id,
    )
    before = unconfirmed(fragile, run_id)["tries"]
    until(lambda: fragile.system.rows(alarms, run_id), what="the alarm")
    until(lambda: unconfirmed(fragile, run_id)["tries"] >= before + 3, what="more tries")
    assert fragile.system.rows(alarms, run_id) == [{"kind": "end not confirmed", "attempt": 1}]


def test_tries_come_later_each_time_and_five_seconds_apart_at_most(fragile, proxy, sweeper, until):
    *proxy.wrong, _ = WRONG_ANSWERS["sealed"]
    sweeper(VAULT_ADDR=proxy.address)
    (run_id,) = fragile.system.run(fragile.plain[0])

    def pause(tries):
        fragile.system.execute(
            "UPDATE attempt_end SET tries = %s, next_try_at = now() WHERE run_id = %s", tries - 1, run_id
        )
        until(lambda: unconfirmed(fragile, run_id)["tries"] == tries, what="the try")
        row = fragile.system.rows(
            "SELECT extract(epoch FROM next_try_at - now()) AS seconds FROM attempt_end WHERE run_id = %s",
            run_id,
        )
        return float(row[0]["seconds"])

    until(lambda: unconfirmed(fragile, run_id), what="the reason")
    assert 0.5 < pause(3) <= 1.0
    assert 1.5 < pause(4) <= 2.0
    assert 4.0 < pause(9) <= 5.0
    assert 4.0 < pause(2_000) <= 5.0


def test_while_the_ledger_is_away_no_end_of_its_users_is_confirmed(fragile, relay, sweeper, until):
    wire = relay()
    sweeper(LEDGER_URL=f"postgresql://127.0.0.1:{wire.port}/ledger?sslmode=disable")
    wire.close()
    (run_id,) = fragile.system.run(fragile.plain[0])
    until(lambda: (row := unconfirmed(fragile, run_id)) and row["tries"] >= 2, what="two tries")
    assert "the database of ledger does not answer" in unconfirmed(fragile, run_id)["problem"]
    assert not is_confirmed(fragile, run_id)
    relay(at=wire.port)
    until(lambda: is_confirmed(fragile, run_id), what="the confirmation")


def test_without_the_vaults_log_ends_are_confirmed_by_asking_and_one_alarm_says_so(
    fragile, sweeper, tmp_path, until
):
    alarms = "SELECT 1 FROM alarm WHERE kind = 'vault log unreadable'"
    before = len(fragile.system.rows(alarms))
    sweeper(VAULT_AUDIT_LOG=str(tmp_path / "no-such-file"))
    run_ids = fragile.system.run(*fragile.plain[:2])
    until(lambda: all(is_confirmed(fragile, run_id) for run_id in run_ids), what="the confirmation")
    assert not fragile.alive(run_ids)
    assert len(fragile.system.rows(alarms)) == before + 1


def test_the_health_of_the_sweeper_says_what_is_not_confirmed(fragile, proxy, sweeper, until):
    *proxy.wrong, reason = WRONG_ANSWERS["sealed"]
    sweeper(VAULT_ADDR=proxy.address)
    fragile.system.run(fragile.plain[0])
    problem = "SELECT problem FROM heartbeat WHERE process = 'sweeper'"
    until(lambda: reason in (fragile.system.rows(problem)[0]["problem"] or ""), what="the problem")
    proxy.heal()
    until(lambda: fragile.system.rows(problem)[0]["problem"] is None, seconds=60, what="the all-clear")
