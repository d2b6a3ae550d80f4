"""Evaluates the real tools and rules in this process, without a vault: mocks in memory, and a real ledger.

Every step of a fact is real: the mock's paging and shapes, the tool's requests and parsing, SQL on a PostgreSQL server,
planning and rules.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
from psycopg import sql
from werkzeug.datastructures import Headers

from app.cli.waiting import counting
from app.connections.deadline import Deadline
from app.connections.http_wire import Wire, WireAnswer
from app.credentials.lineage import IssuedCredential, ToolCall
from app.procurement.action import ProcurementAction
from app.procurement.case_file import CaseFile
from app.procurement.planning import plan
from app.procurement.rules import evaluate
from app.settings import Settings
from infra.local.environments import TOOLS
from infra.local.options import Part, StackOptions
from infra.local.stack import LocalStack
from infra.postgres.roles import verifier
from infra.provision.logins import DATABASE_OWNERS, LEDGER, READERS
from known_answers.evaluation.comparison import Evaluation, Finding, KnownAnswer
from known_answers.evaluation.preparation import Scenarios, at_stated_time, with_own_exclusions
from mocks.configuration import Configuration
from mocks.ledger.load import load
from workers.runtime.database_client import DatabaseClient
from workers.runtime.run_session import Issued
from workers.runtime.secret import Secret
from workers.runtime.tool import Tool
from workers.runtime.tool_runner import ToolRunner
from workers.tools import registry
from workers.triage import case_file

_READER = "evaluation_reader"
_PASSWORD = "for-synthetic-rows-on-loopback"  # noqa: S105  # protects only synthetic rows


class AnyCaller:
    """Admits every caller: there is no vault to check credentials."""

    def presented(self, headers: Headers) -> str | None:
        """No credential is read."""
        del headers
        return None

    def verify(self, credential: str | None) -> str:
        """The same caller for every request."""
        del credential
        return "evaluation"


@dataclass(frozen=True, kw_only=True)
class SharedLedger(ToolRunner):
    """One connection to the ledger for all scenarios."""

    client: DatabaseClient

    def database(
        self, address: str, issued: Issued, calls: list[ToolCall], deadline: Deadline
    ) -> AbstractContextManager[DatabaseClient]:
        """The shared connection, which adds its calls to `calls`."""
        del address, issued
        return nullcontext(self.client.recording(calls, deadline))


def evaluate_in_process(scenarios: Scenarios, work: Path) -> Evaluation:
    """Evaluate one scenario after another; `work` is an empty folder for servers and logs."""
    result = Evaluation()
    with (
        serve_scenarios(scenarios.folder, work) as evaluator,
        counting(len(scenarios.cases), what="Scenarios") as report,
    ):
        for number, (case, action) in enumerate(scenarios.cases, start=1):
            result.add(KnownAnswer.of(case.slug, case.document), evaluator.findings(action, case.document))
            report(number)
    return result


@contextmanager
def serve_scenarios(folder: Path, work: Path) -> Iterator["Evaluator"]:
    """Serve the scenarios in `folder`, which contains `cases/`; `work` is an empty folder for servers and logs."""
    options = StackOptions(parts=frozenset({Part.POSTGRES}), usual_ports=False)
    with LocalStack(work / "stack", options=options) as stack:
        server = stack.services.database
        if server is None:
            raise RuntimeError("no database was started")
        owner = DATABASE_OWNERS[LEDGER]
        password = stack.secrets.read("operator", "ledger-owner-password") or ""
        load(folder, **server.parameters(LEDGER, user=owner, password=password))
        with server.connect(LEDGER) as connection:
            connection.execute(
                sql.SQL("CREATE ROLE {} LOGIN PASSWORD {} IN ROLE {}").format(
                    sql.Identifier(_READER),
                    sql.Literal(verifier(_READER, _PASSWORD)),
                    sql.Identifier(READERS),
                )
            )
        addresses = {f"{tool.replace('-', '_')}_url": f"https://{tool}.evaluation" for tool in TOOLS}
        ledger_url = f"postgresql://{server.host}:{server.port}/{LEDGER}"
        settings = Settings.model_validate({**addresses, "ledger_url": ledger_url, "tool_tries": 1})
        tools = registry()
        issued = {name: _credential(tool) for name, tool in tools.items()}
        with (
            _services(folder, work) as connections,
            DatabaseClient(ledger_url, settings, issued["ledger"], []) as ledger,
        ):
            runner = SharedLedger(connections=connections, settings=settings, client=ledger)
            yield Evaluator(runner, tools, issued)


@contextmanager
def _services(folder: Path, work: Path) -> Iterator["InProcessWire"]:
    mounts: dict[str, Any] = {}
    for tool in TOOLS:
        configuration = Configuration(
            scenarios=folder,
            access_log=work / f"{tool}.jsonl",
            vault_addr="http://vault.evaluation",
            hang=0.01,
        )
        module = import_module(f"mocks.services.{tool.replace('-', '_')}")
        app = module.create_app(configuration, verifier=AnyCaller())
        mounts[f"https://{tool}.evaluation"] = httpx.WSGITransport(app=app)
    with httpx.Client(mounts=mounts, trust_env=False, follow_redirects=False) as client:
        yield InProcessWire(client)


class InProcessWire(Wire):
    """Answers of services in this process. Deadline and limit are not needed: nothing is waited for."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def request(
        self,
        method: str,
        url: str,
        *,
        deadline: Deadline,
        limit: int,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        body: bytes | None = None,
    ) -> WireAnswer:
        """The answer of the service at this address."""
        del deadline, limit
        answer = self._client.request(method, url, headers=headers, params=params, content=body)
        return WireAnswer(answer.status_code, dict(answer.headers), answer.content)


@dataclass(frozen=True, slots=True)
class Evaluator:
    """Triages one action after another."""

    runner: ToolRunner
    tools: dict[str, Tool]
    issued: dict[str, Issued]

    def findings(self, action: ProcurementAction, document: Mapping[str, Any]) -> list[Finding]:
        """The findings about an action, as of its own day or the time in its scenario file."""
        findings = evaluate(self.case(action, document))
        return [Finding(finding.rule, finding.subject, finding.severity.value) for finding in findings]

    def case(self, action: ProcurementAction, document: Mapping[str, Any]) -> CaseFile:
        """The answers of all systems about an action, read by the real tools."""
        names = [step.tool for step in plan(action) if step.needed]
        first = [self.runner.ask(action, self.tools[name], self.issued[name]) for name in names]
        answers = [self.runner.ask_again(action, first, each, self.issued[each.tool.name]) for each in first]
        case, _ = case_file(action, answers, own_day=True)
        return at_stated_time(with_own_exclusions(case, document), document)


def _credential(tool: Tool) -> Issued:
    now = datetime.now(UTC)
    record = IssuedCredential(
        credential_id=uuid4(),
        tool=tool.name,
        kind=tool.grant.kind,
        vault_path=tool.grant.path,
        policy="none",
        scope=tool.grant.scope,
        request_id=str(uuid4()),
        fingerprint="0" * 64,
        issued_at=now,
        expires_at=now + timedelta(minutes=15),
        service_user=_READER,
    )
    return Issued(Secret(_PASSWORD), record)
