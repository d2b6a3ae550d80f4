"""The vault's logs in production: readable by their groups through rotations and restarts, and read completely."""

import os
import signal
import stat
from contextlib import contextmanager
from datetime import UTC, datetime
from uuid import uuid4

from app.credentials.vault_log import VaultLog


def access(log) -> tuple[int, int] | None:
    try:
        seen = log.stat()
    except FileNotFoundError:
        return None
    return stat.S_IMODE(seen.st_mode), seen.st_gid


def test_rotation_and_restart_keep_mode_and_group_and_an_earlier_run_is_still_found(installation, until):
    began, run_id = datetime.now(UTC), uuid4()
    log = VaultLog(installation.audit_log)
    for_groups = {
        each: (0o640, each.parent.stat().st_gid)
        for each in (installation.audit_log, installation.audit_log_2)
    }
    if os.geteuid() == 0:
        assert len({os.getegid(), *(group for _, group in for_groups.values())}) == 3

    def accesses():
        return {each: access(each) for each in for_groups}

    assert accesses() == for_groups

    installation.ledger_credential(run_id=run_id)
    before = log.trail(run_id, since=began)
    assert [line.path for line in before.lines if line.type == "response"] == [
        "auth/approle/login",
        "database/creds/ledger-reader",
    ]
    for number in (1, 2):
        for each in for_groups:
            each.rename(each.with_name(f"{each.name}.{number}"))
        assert log.trail(run_id, since=began) == before
        installation.process_table.kill("vault", signal.SIGHUP)
        # For a moment only the vault may read the new files.
        until(lambda: accesses() == for_groups, what="new files for the groups")
    installation.process_table.restart("vault")
    installation.provision()  # waits for it
    assert accesses() == for_groups

    installation.ledger_credential(run_id=run_id)
    after = log.trail(run_id, since=began)
    assert after.lines[: len(before.lines)] == before.lines
    assert len(after.lines) == 2 * len(before.lines)
    assert after.unreadable == 0
    requests = [line.request_id for line in after.lines]
    second = VaultLog(installation.audit_log_2).trail(run_id, since=began)
    assert [line.request_id for line in second.lines] == requests


@contextmanager
def closed(folder):
    """In place of a folder a file, so that nothing can be written there."""
    kept = folder.rename(folder.with_name(f"{folder.name}-kept"))
    folder.touch()
    try:
        yield kept
    finally:
        folder.unlink()
        kept.rename(folder)


def test_the_vault_answers_as_long_as_it_can_write_one_of_its_logs(installation, until):
    first, second = installation.audit_log.parent, installation.audit_log_2.parent

    def open_anew():
        installation.process_table.kill("vault", signal.SIGHUP)

    def logs_in() -> bool:
        login = installation.identity("dispatcher")
        return installation.ask("POST", "auth/approle/login", login).is_success

    def logs_in_unseen(kept) -> bool:
        before = (kept / "audit.log").stat().st_size
        return logs_in() and (kept / "audit.log").stat().st_size == before

    with closed(first) as kept:
        open_anew()
        until(lambda: logs_in_unseen(kept), what="a login that only the second log shows")
        with closed(second):
            open_anew()
            until(lambda: not logs_in(), what="a refusal")
    open_anew()
    until(logs_in, what="logins after both can be written")
