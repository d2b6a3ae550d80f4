"""The vault's log in production: readable by its group through rotations and restarts, and read completely."""

import os
import signal
import stat
from datetime import UTC, datetime
from uuid import uuid4

from app.credentials.vault_log import VaultLog


def access(installation) -> tuple[int, int] | None:
    try:
        seen = installation.audit_log.stat()
    except FileNotFoundError:
        return None
    return stat.S_IMODE(seen.st_mode), seen.st_gid


def test_rotation_and_restart_keep_mode_and_group_and_an_earlier_run_is_still_found(installation, until):
    began, run_id = datetime.now(UTC), uuid4()
    log = VaultLog(installation.audit_log)
    for_its_group = (0o640, installation.audit_log.parent.stat().st_gid)
    if os.geteuid() == 0:
        assert for_its_group[1] != os.getegid()
    assert access(installation) == for_its_group

    installation.ledger_credential(run_id=run_id)
    before = log.trail(run_id, since=began)
    assert [line.path for line in before.lines if line.type == "response"] == [
        "auth/approle/login",
        "database/creds/ledger-reader",
    ]
    for number in (1, 2):
        installation.audit_log.rename(installation.audit_log.with_name(f"audit.log.{number}"))
        assert log.trail(run_id, since=began) == before
        installation.process_table.kill("vault", signal.SIGHUP)
        # For a moment only the vault may read the new file.
        until(lambda: access(installation) == for_its_group, what="a new file for the group")
    installation.process_table.restart("vault")
    installation.provision()  # waits for it
    assert access(installation) == for_its_group

    installation.ledger_credential(run_id=run_id)
    after = log.trail(run_id, since=began)
    assert after.lines[: len(before.lines)] == before.lines
    assert len(after.lines) == 2 * len(before.lines)
    assert after.unreadable == 0
