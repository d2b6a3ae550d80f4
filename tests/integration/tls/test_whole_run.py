"""A run from request to revocation, and a sign-in, with every connection over TLS and no proxy used."""

import json

import httpx
import pytest

from app import usecases
from app.connections.database import connect, sessions
from app.connections.tls import trust_of
from app.credentials.auditor import Auditor
from app.credentials.progress import Progress
from app.review.queries import Pages
from infra.local.ports import listens

ACTIONS = ("ACT-2026-0001", "ACT-2026-0002")
COOKIE = "__Host-triage"


@pytest.fixture(scope="module")
def at_work(installation):
    """With dispatcher, sweeper, worker and pages."""
    roster, environment = installation.process_table, installation.environment
    for name in ("dispatcher", "sweeper"):
        roster.start(installation.program(name, environment(name), f"workers.runtime.{name}"), lambda _: True)
    line = ("workers.launch", "--pool", "threads", "--concurrency", "2")
    roster.start(installation.program("worker", environment("worker"), *line), lambda _: True)
    variables = {**environment("web"), **installation.certificate("web")}
    place = installation.place("web")
    roster.start(
        installation.program("web", variables, "app.web.launch", "--bind", place),
        lambda child: listens(child.pid, installation.ports["web"]),
    )
    return installation


@pytest.fixture(scope="module")
def factory(at_work):
    engine = connect(at_work.settings(), pool_size=2)
    yield sessions(engine)
    engine.dispose()


def test_a_run_gets_five_answers_and_leaves_no_credential(at_work, factory, proxy, until):
    inbox = (at_work.folder / "scenarios" / "inbox.json").read_text(encoding="utf-8")
    usecases.submit(factory, inbox)
    run_ids = usecases.request_runs(factory, ACTIONS, requested_by="test")
    questions = Progress(factory)
    until(lambda: questions.ended(run_ids) == len(run_ids), seconds=60, what="the end of both runs")
    assert set(Pages(factory).run_outcomes(run_ids)) <= {"clear", "flagged"}
    credentials = questions.credentials(run_ids)
    assert {row.tool for row in credentials} == {"sam-gov", "debarment", "contracts", "documents", "ledger"}
    settings = at_work.settings()

    def dead():
        with Auditor(
            settings.need("vault_addr"), settings.file("vault_identity_file"), trust_of(settings)
        ) as auditor:
            accessors = [row.accessor for row in credentials if row.accessor]
            leases = [row.lease_id for row in credentials if row.lease_id]
            return auditor.alive(accessors=accessors, leases=leases) == []

    until(dead, what="the end of every credential")
    listed = json.loads(at_work.triage("runs", "--json"))
    assert {str(run_id) for run_id in run_ids} <= {run["run_id"] for run in listed}
    assert proxy.accepted == 0
    assert not (at_work.folder / "session-keys").exists()


def test_a_person_signs_in(at_work, proxy):
    web = f"https://{at_work.place('web')}"
    with httpx.Client(verify=trust_of(at_work.settings()).context, trust_env=False, timeout=20) as visitor:
        start = visitor.get(f"{web}/sign-in/start")
        provider = start.headers["Location"]
        assert provider.startswith(f"{at_work.issuer}/authorize?")
        back = visitor.post(provider, data={"persona": "officer-a"}).headers["Location"]
        signed_in = visitor.get(back)
        assert signed_in.cookies[COOKIE] != start.cookies[COOKIE]
        page = visitor.get(f"{web}/flags")
    assert page.status_code == httpx.codes.OK
    assert proxy.accepted == 0
