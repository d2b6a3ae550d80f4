"""A contract file made by hand, a key, and independent readers of PDF files."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from uuid import UUID

import pikepdf
import pytest
from joserfc.jwk import ECKey

from app.contract_file.content import Occasion
from app.contract_file.keys import SigningKeys
from app.contract_file.log_extract import FiledAnchor, FiledStretch, LogExtract, RunCoverage
from app.credentials.approle import LOGIN_PATH, MINT_PATH, RUN_ROLE
from app.credentials.tables import AttemptRow, CallRow, CredentialRow, RunRow, StepRow
from app.reconciliation.verdict import Reconciliation
from app.review.event_chain import digest
from app.review.flag_history import Decision, Event, EventKind
from app.review.queries.filed_documents import ActionFile, FiledFlag, FiledRun, FiledValue
from app.review.roles import Person
from app.review.sign_off import Unsettled, sign_off
from app.store.tables import ActionRow, ComparedValueRow, EvidenceRow, FlagRow

NOON = datetime(2026, 9, 14, 16, 0, 1, tzinfo=UTC)
RUN, CREDENTIAL, CALL, EVIDENCE, FLAG = (UUID(int=number) for number in range(1, 6))
ANSWER = b'{"entityData": []}'
AGREED = Reconciliation(since=NOON, until=NOON, issued=1, used=1, recorded=1, leftovers=[], missing=[])


def events(flag_id=FLAG, *, rationale="The name is the same company."):
    """A decision and its undoing, chained."""
    usual = {
        "flag_id": flag_id,
        "by": "officer-a",
        "by_name": "Contracting Officer A",
        "rationale": rationale,
    }
    made = [
        Event(
            event_id=UUID(int=11),
            number=1,
            kind=EventKind.DECIDED,
            decision=Decision.CONFIRMED,
            at=NOON,
            **usual,
        ),
        Event(
            event_id=UUID(int=12), number=2, kind=EventKind.UNDONE, at=NOON + timedelta(minutes=1), **usual
        ),
    ]
    chained, previous = [], ""
    for event in made:
        previous = digest(event, previous)
        chained.append((event, previous))
    return chained


@pytest.fixture
def occasion():
    by = Person.of(subject="officer-a", name="Contracting Officer A", roles=["officer"])
    return Occasion(at=NOON + timedelta(hours=1), by=by, far="rfo", demo=True)


@pytest.fixture
def make_file():
    """A contract file of one run, one call and one flag: `make_file(value="…", rationale="…", flags=3)`."""

    def made(
        *,
        value="EXAMPLE HARBOR DIVING LLC",
        rationale="The name is the same company.",
        flags=1,
        version=2,
        compared=AGREED,
    ):
        action = ActionRow(
            action_id="ACT-1",
            action_type="new_award",
            piid="70ZZ0126C0001",
            amount=Decimal("1184000.00"),
            effective_date=date(2026, 9, 21),
            description=value,
            vendors=[{"uei": "ZZ98EXPORTS1", "name": value, "role": "prime", "cage": None}],
            terms={},
            submitted_at=NOON,
        )
        run = RunRow(
            run_id=RUN,
            action_id="ACT-1",
            state="completed",
            attempt=1,
            requested_by="test",
            requested_at=NOON,
            started_at=NOON,
            finished_at=NOON,
            goal=value,
        )
        step = StepRow(
            step_id=UUID(int=21),
            run_id=RUN,
            attempt=1,
            number=1,
            tool="sam-gov",
            question="Is it registered?",
            reason="It must be.",
            rules=["R01", "R04"],
            helps=[],
            after=[],
            outcome="answered",
        )
        attempt = AttemptRow(
            run_id=RUN,
            number=1,
            state="finished",
            dispatched_at=NOON,
            lease_until=NOON,
            claimed_at=NOON,
            worker="w:1",
            secret_id_accessor="secret-id-accessor",
            wrapping_accessor="wrapping-accessor",
            entity_id="entity",
            policy="triage-run",
            login_request_id="login-request",
            token_accessor="run-token-accessor",
            token_issued_at=NOON,
            token_expires_at=NOON + timedelta(minutes=15),
            revoked_at=NOON + timedelta(seconds=2),
            revoked_by="run end",
        )
        credential = CredentialRow(
            credential_id=CREDENTIAL,
            run_id=RUN,
            attempt=1,
            tool="sam-gov",
            kind="signed-token",
            vault_path="identity/oidc/token/sam-gov",
            policy="triage-run",
            scope="entity:read",
            request_id="vault-request",
            fingerprint="ab" * 32,
            issued_at=NOON,
            expires_at=NOON + timedelta(minutes=2),
        )
        call = CallRow(
            call_id=CALL,
            credential_id=CREDENTIAL,
            run_id=RUN,
            attempt=1,
            operation="GET /entity-information/v4/entities",
            status=200,
            started_at=NOON,
            latency_ms=40,
            answer_digest=hashlib.sha256(ANSWER).hexdigest(),
            answer_bytes=len(ANSWER),
        )
        filed = [_flag(UUID(int=FLAG.int + 100 * n), value, rationale, version) for n in range(flags)]
        return ActionFile(
            action=action,
            sign_off=sign_off(
                newest=run,
                pulled=run,
                left=Unsettled(blocking=flags, advisory=0, unchecked=0, waiting=0),
            ),
            latest=RUN,
            runs=[
                FiledRun(
                    run=run,
                    attempts=[attempt],
                    ends=[],
                    unrecorded=[],
                    steps=[step],
                    credentials=[credential],
                    denials=[],
                    calls=[call],
                    compared=compared,
                )
            ],
            other_runs=[],
            more_runs=0,
            next=None,
            flags=filed,
            kept={CALL: len(ANSWER)},
        )

    return made


def _flag(flag_id, value, rationale, version):
    row = FlagRow(
        flag_id=flag_id,
        run_id=RUN,
        attempt=1,
        action_id="ACT-1",
        rule="R04",
        rule_version=2,
        title="Name, address or CAGE differs",
        severity="blocking",
        subject="ZZ98EXPORTS1",
        because=value,
        authority_codified="FAR 4.1103(a)",
        authority_rfo="RFO 4.203",
        recommended=value,
        raised_at=NOON,
        systems=["sam-gov"],
        action_type="new_award",
        vendors=[value],
        current=True,
        status="open",
        version=version,
    )
    evidence = EvidenceRow(
        evidence_id=EVIDENCE,
        run_id=RUN,
        call_id=CALL,
        source="sam-gov",
        record_key="ZZ98EXPORTS1",
        kind="RegisteredName",
        fact={"name": value},
        pulled_at=NOON,
    )
    beside = {"flag_id": flag_id, "label": "legal name"}
    return FiledFlag(
        flag=row,
        values=[
            FiledValue(
                value=ComparedValueRow(
                    position=0,
                    source="sam-gov",
                    value=value,
                    record_key="ZZ98EXPORTS1",
                    evidence_id=EVIDENCE,
                    **beside,
                ),
                evidence=evidence,
            ),
            FiledValue(
                value=ComparedValueRow(position=1, source="action", value="the other name", **beside),
                evidence=None,
            ),
        ],
        history=events(flag_id, rationale=rationale),
        remembered=[],
    )


def audit_line(request_id, path, *, kind="response", auth=None, asked=None, answer=None, at=NOON):
    """A line as the vault writes it, with its newline."""
    line = {
        "time": at.isoformat().replace("+00:00", "Z"),
        "type": kind,
        "auth": auth or {},
        "request": {"id": request_id, "operation": "update", "path": path, "data": asked},
        "response": answer or {},
    }
    return json.dumps(line, separators=(",", ":")).encode() + b"\n"


def lines_of_run(*, run=RUN, path="identity/oidc/token/sam-gov", **issued):
    """The vault's answers to the run of `make_file`: the SecretID, the login and the credential."""
    whom = {"run_id": str(run), "attempt": "1", "role_name": RUN_ROLE}
    wrapped = {"accessor": "wrapping-accessor", "wrapped_accessor": "secret-id-accessor"}
    token = {"accessor": "run-token-accessor", "metadata": whom}
    return [
        audit_line("mint", MINT_PATH, asked={"metadata": json.dumps(whom)}, answer={"wrap_info": wrapped}),
        audit_line("login-request", LOGIN_PATH, auth=token, answer={"auth": token}),
        audit_line("vault-request", path, auth=token, answer=issued),
    ]


def stretch_of(lines, *, own, at=NOON, anchored=(3,)):
    """These lines between two anchors, with more anchors after so many lines; only those in `own` are whole."""
    reached, place, anchors = hashlib.sha256(b"earlier").digest(), 5_000, []
    for number in range(len(lines) + 1):
        if number in {0, len(lines), *anchored}:
            digest, when = reached.hex(), at + timedelta(seconds=len(anchors))
            anchors.append(
                FiledAnchor(number=7 + number, place=place, lines=40 + number, digest=digest, at=when)
            )
        if number < len(lines):
            reached = hashlib.sha256(reached + hashlib.sha256(lines[number]).digest()).digest()
            place += len(lines[number])
    digests = {line: hashlib.sha256(line).hexdigest().encode() + b"\n" for line in lines}
    content = b"".join(line if line in own else digests[line] for line in lines)
    return FiledStretch(chain=UUID(int=31), anchors=anchors, content=content)


@pytest.fixture
def make_log():
    """The vault's log of the run of `make_file`, with other lines between: `make_log(own=…, gaps=…, missing=…)`."""

    def made(*, own=None, at=NOON, **premises):
        own = lines_of_run() if own is None else own
        others = [audit_line(f"other-{number}", "sys/health") for number in range(4)]
        lines = [others[0], *own[:1], others[1], others[2], *own[1:], others[3]]
        return LogExtract(stretches=[stretch_of(lines, own=own, at=at)], runs={RUN: RunCoverage(**premises)})

    return made


@pytest.fixture(scope="session")
def signing():
    """A key set: one that signs, and one that did before."""
    keys = [ECKey.generate_key("P-256", private=True) for _ in range(2)]
    return SigningKeys(keys)


@dataclass(frozen=True)
class Printed:
    """A PDF as a stranger's reader sees it: its own text without any blanks, and the tags of its structure."""

    file: pikepdf.Pdf
    text: str
    tags: list[str]
    tables: list[list[str]]


@pytest.fixture
def read_pdf(pdf_text):
    def read(content):
        file = pikepdf.open(BytesIO(content))
        tags, tables = [], []
        _walk(file.Root.StructTreeRoot.get("/K"), tags, tables)
        return Printed(file, "".join(pdf_text(content).split()), tags, tables)

    return read


def _walk(node, tags, tables, table=None):
    if isinstance(node, pikepdf.Array):
        for each in node:
            _walk(each, tags, tables, table)
    elif isinstance(node, pikepdf.Dictionary) and "/S" in node:
        name = str(node.S)[1:]
        tags.append(name)
        if name == "Table":
            table = []
            tables.append(table)
        elif table is not None:
            table.append(name)
        _walk(node.get("/K"), tags, tables, table)
