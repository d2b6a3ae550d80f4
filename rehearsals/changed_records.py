"""Attacks on what is kept: rows, lines of the log, and the contract file. Each changes a copy only."""

import json
from collections.abc import Callable
from contextlib import ExitStack
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

from app.connections.database import connect, sessions
from app.contract_file.content import MANIFEST, SIGNATURE, serialised
from app.contract_file.exporter import Exporter
from app.contract_file.log_reader import LogReader
from app.contract_file.log_records import LogRecords
from app.contract_file.verify import verify
from app.credentials.vault_line import AuditLine, request_id_of
from app.procurement.systems import ISSUING_PATHS
from app.reconciliation import leftover_kinds as kinds
from app.reconciliation.log_coverage import SHARED
from app.reconciliation.report import reconcile_run
from app.review.roles import Person
from rehearsals.attack import Account, Attack, RaisedAlarm, SucceededError, UnprovenError
from rehearsals.installation import until
from rehearsals.scene import PATIENCE, Scene

_EDITED = "vault log edited"
_BY = Person.of(subject="rehearsal", name="Rehearsal", roles=["auditor"])
#: Seconds until the copy's reconciler has found what was changed.
_SOON = 30.0
#: A credential of a run whose end was confirmed, and whose lines and uses every log has shown since.
_OLDER = """
SELECT credential_id, credential.run_id, request_id FROM credential JOIN attempt USING (run_id)
WHERE credential.attempt = attempt.number AND attempt.state = 'finished' AND kind = 'api-key'
    AND attempt.revoked_at < (SELECT min(read_until) FROM log_source) - %s
    AND attempt.revoked_at < (SELECT seen_at FROM heartbeat WHERE process = 'sweeper') - %s
ORDER BY attempt.revoked_at DESC LIMIT 1
"""
_CONTRADICTED = "SELECT 1 FROM alarm WHERE credential_id = %s AND kind = %s"
_READ = "SELECT 1 FROM log_source HAVING min(read_until) > %s"
_SETTLED = timedelta(seconds=4)


def lineage_row(scene: Scene, account: Account) -> None:
    """Somebody with every right at the database changes which credential an answer came from."""
    credential = _settled_credential(scene, account)
    copy = scene.copy
    if copy.rows(_CONTRADICTED, credential["credential_id"], kinds.CONTRADICTED):
        raise UnprovenError("the row contradicts the vault's log before anything was done to it")
    account.shown("a reconciler of the copy has judged the row as it was, and raised no such alarm")
    (row,) = copy.rows("SELECT clock_timestamp() AS now")
    account.attempt()
    change = "UPDATE credential SET accessor = 'another' WHERE credential_id = %s"
    if copy.execute(change, credential["credential_id"]) != 1:
        raise UnprovenError("there was no row to change")
    account.line = _line_of(scene.stack.layout.audit_log, credential["request_id"])
    account.alarm = _found(lambda: copy.alarm(kinds.CONTRADICTED, row["now"]), row["now"])
    account.stopped(f"the reconciler compares the row with the vault's log: {account.alarm.detail}")


def audit_line(scene: Scene, account: Account) -> None:
    """Somebody with every right at the file takes out the line of an issue."""
    credential = _settled_credential(scene, account)
    copy, needle = scene.copy, credential["request_id"]
    before = copy.prove()
    if before.changed or not before.lines:
        raise UnprovenError(f"the copy of the log is not whole before anything was done: {before.changed}")
    account.shown(f"the copy of the log is whole: {before.lines} lines")
    account.line = _line_of(copy.audit_log, needle)
    (row,) = copy.rows("SELECT clock_timestamp() AS now")
    account.attempt()
    with copy.audit_log.open("r+b") as log:
        kept = [line for line in log if request_id_of(line) != needle]
        log.seek(0)
        log.writelines(kept)
        log.truncate()
    account.alarm = _found(lambda: copy.alarm(_EDITED, row["now"]), row["now"])
    proof = copy.prove()
    if not proof.changed:
        raise SucceededError("`triage audit verify` does not see that a line is missing")
    account.stopped(f"the chain of the log is broken: {proof.changed[0]}")


def _found(ask: Callable[[], RaisedAlarm | None], since: datetime) -> RaisedAlarm:
    try:
        return until(ask, seconds=_SOON, what="the alarm")
    except UnprovenError:
        raise SucceededError(f"nothing was said within {_SOON:g} s after {since:%H:%M:%S} UTC") from None


def _settled_credential(scene: Scene, account: Account) -> dict[str, Any]:
    """A credential that the copy has in its records and in its logs. The copy is made when there is one."""

    def settled() -> list[dict[str, Any]]:
        return scene.stack.rows(_OLDER, _SETTLED, _SETTLED)

    if not settled():
        scene.wait([scene.request(account)])
    until(settled, seconds=PATIENCE, what="a run that every log has shown")
    return scene.copy.rows(_OLDER, _SETTLED, _SETTLED)[0]


def _line_of(log: Path, request_id: str) -> AuditLine:
    with log.open("rb") as lines:
        own = (AuditLine.parse(raw) for raw in lines if request_id_of(raw) == request_id)
        answer = next((line for line in own if line is not None and line.type == "response"), None)
    if answer is None:
        raise UnprovenError(f"the vault's log has no answer to request {request_id}")
    return answer


def contract_file(scene: Scene, account: Account) -> None:
    """A real contract file with another credential in it, first with the old signature, then signed anew."""
    action = scene.actions[1]
    scene.wait([scene.request(account, action)])
    ended = scene.account().began
    until(lambda: scene.stack.rows(_READ, ended), seconds=PATIENCE, what="the reading of the run's lines")
    settings = scene.stack.settings_of("web")
    with ExitStack() as until_done:
        folder = Path(until_done.enter_context(TemporaryDirectory(prefix="rehearsal-")))
        genuine, forged = folder / "genuine.zip", folder / "forged.zip"
        engine = connect(settings, pool_size=2)
        until_done.callback(engine.dispose)
        reader = LogReader(LogRecords(engine), settings.vault_audit_log)
        compare = partial(reconcile_run, engine, ISSUING_PATHS)
        exporter = Exporter.of(settings, sessions(engine), reader, compare)
        _export(exporter, action, genuine)
        keys = exporter.keys
        checked = verify(genuine, keys.public)
        if wrong := [*checked.problems, *(each for each in checked.missing if each != SHARED)]:
            raise UnprovenError(f"the genuine file does not verify: {wrong[0]}")
        account.shown("the genuine file verifies")
        account.attempt()
        request_id = _forge(genuine, forged, lambda _: None)
        unsigned = verify(forged, keys.public).problems
        _forge(genuine, forged, keys.sign)
        signed = verify(forged, keys.public).problems
    if not unsigned:
        raise SucceededError("a changed file with the old signature verifies")
    contradicted = next((each for each in signed if "the vault's log" in each), None)
    if contradicted is None:
        raise SucceededError(
            "a changed file that was signed anew is not contradicted by the vault's lines in it"
        )
    account.stopped(f"{unsigned[0]} Signed anew with the stack's own key: {contradicted}")
    account.line = _line_of(scene.stack.layout.audit_log, request_id)


def _export(exporter: Exporter, action: str, to: Path) -> None:
    made = exporter.contract_file(action, _BY)
    if made is None:
        raise UnprovenError(f"there is no contract file of {action}")
    with made.file:
        to.write_bytes(made.file.read())


def _forge(genuine: Path, forged: Path, sign: Callable[[bytes], str | None]) -> str:
    """Another accessor in the manifest, signed anew unless `sign` returns nothing; the credential's request id."""
    with ZipFile(genuine) as old, ZipFile(forged, "w", ZIP_DEFLATED) as new:
        manifest = json.loads(old.read(MANIFEST))
        row = next(each for each in manifest["credentials"] if each["accessor"])
        row["accessor"] = "forged"
        content = serialised(manifest)
        for name in old.namelist():
            if name not in {MANIFEST, SIGNATURE}:
                new.writestr(name, old.read(name))
        new.writestr(MANIFEST, content)
        new.writestr(SIGNATURE, (sign(content) or "").encode() or old.read(SIGNATURE))
    request_id: str = row["request_id"]
    return request_id


ATTACKS = (
    Attack(
        name="lineage-row",
        tries="Rewrites, in a copy of the database, which credential an answer came from.",
        expected="The reconciler compares each row with the vault's log, and says which differs.",
        act=lineage_row,
        alarms=(kinds.CONTRADICTED,),
        on_copy=True,
    ),
    Attack(
        name="audit-line",
        tries="Deletes, in a copy of the vault's log, the line of an issued credential.",
        expected="The lines form a chain that is anchored in the database, and the gap is named.",
        act=audit_line,
        alarms=(_EDITED,),
        on_copy=True,
    ),
    Attack(
        name="contract-file",
        tries="Changes a credential in a contract file, and signs it anew with the stolen key.",
        expected="The signature, or the vault's own lines in the file, contradict the change.",
        act=contract_file,
        on_copy=True,
    ),
)
