"""The rotation of SecretIDs while processes are at work, and through failures of the vault."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import pytest

from app.connections.tls import trust_of
from app.credentials.auditor import Auditor
from infra.provision.identity_rotation import rotate
from infra.reporting import ProvisionError
from workers.runtime.process_identity import ProcessIdentity
from workers.runtime.vault import Vault

OWNERS = ("dispatcher", "sweeper", "web", "switch", "operator", "rotator", "backup")
#: Seconds a SecretID lives in these tests.
LIFE = 4


@contextmanager
def dispatching(installation, file) -> Iterator[ProcessIdentity]:
    vault = Vault(installation.address, trust_of(installation.settings()))
    yield ProcessIdentity(vault, file)
    vault.close()


def mint(dispatcher):
    return dispatcher.mint(run_id=uuid4(), attempt=1, job_id="x", requested_by="test", wrapping_ttl=10)


def auditing(installation, file) -> Auditor:
    return Auditor(installation.address, file, trust_of(installation.settings()))


def rotated(installation, **changed):
    said = []
    rotate(installation.settings(**changed), said.append)
    return said


def test_a_rotation_replaces_every_secret_id_and_ends_all_others(installation):
    before = {owner: installation.identity(owner) for owner in OWNERS}
    stray = "auth/approle/role/triage-sweeper/secret-id"
    assert installation.ask("POST", stray, {}, installation.log_in("rotator")).is_success

    said = rotated(installation)

    assert said == [
        *(f"{owner}: replaced, valid for 86400 s" for owner in OWNERS[:4]),
        *(f"{owner}: replaced, valid for 2592000 s" for owner in OWNERS[4:]),
    ]
    for owner, old in before.items():
        assert installation.identity(owner)["role_id"] == old["role_id"]
        assert installation.log_in(owner)
        assert not installation.log_in(owner, old)
    assert (
        len(installation.ask("LIST", stray, token=installation.log_in("rotator")).json()["data"]["keys"]) == 1
    )


def test_an_owner_whose_folder_is_not_here_is_left_alone(installation):
    file = installation.identity_file("operator")
    away, before = file.rename(file.with_suffix(".away")), installation.identity("web")
    try:
        said = rotated(installation)
        assert [line for line in said if "replaced" not in line] == [
            "operator: no vault-identity.json here, skipped"
        ]
        assert len(said) == len(OWNERS)
        assert not file.exists()
    finally:
        away.rename(file)
    assert installation.log_in("operator")
    assert installation.identity("web") != before


def test_a_rotation_without_its_own_identity_says_what_to_do(installation):
    file = installation.identity_file("rotator")
    kept = file.read_text()
    before = installation.identity("web")
    try:
        file.write_text(json.dumps({**json.loads(kept), "secret_id": str(uuid4())}))
        with pytest.raises(
            ProvisionError,
            match=r"the vault refuses .*/identities/rotator/vault-identity.json: run `triage provision vault`",
        ):
            rotated(installation)
    finally:
        file.write_text(kept)
    assert installation.identity("web") == before


@pytest.mark.parametrize("owner", ["dispatcher", "web"])
def test_a_login_refused_because_its_file_was_replaced_meanwhile_is_tried_with_the_new_one(
    installation, owner
):
    class ReplacedOnceRead(type(installation.secrets)):
        def read_text(self, *environment, **more):
            text = super().read_text(*environment, **more)
            if not rotations:
                rotations.append(rotated(installation))
            return text

    rotations: list[list[str]] = []
    file = ReplacedOnceRead(installation.identity_file(owner))
    if owner == "dispatcher":
        with dispatching(installation, file) as dispatcher:
            assert mint(dispatcher)
    else:
        with auditing(installation, file) as auditor:
            assert auditor.alive(accessors=[str(uuid4())], leases=[]) == []
    assert len(rotations) == 1


@pytest.fixture(scope="module")
def short_lives(installation):
    """SecretIDs that live for `LIFE` seconds, and the watching rotation that keeps up with them, in a process."""
    assert installation.provision(infrastructure_secret_id_ttl=LIFE) == [
        f"role triage-{name}: changed" for name in ("dispatcher", "sweeper", "auditor", "switch")
    ]
    environment = {
        "SECRETS_FOLDER": str(installation.secrets),
        "VAULT_ADDR": installation.address,
        "CA_FILE": str(installation.secrets / "rotator" / "ca.pem"),
        "HEALTH_FILE": str(installation.folder / "rotator-health"),
        "PATH": os.environ["PATH"],
    }
    log = installation.folder / "rotator.log"
    with log.open("w") as stream:
        command = [sys.executable, "-m", "infra.provision", "rotate", "identities", "--watch"]
        process = subprocess.Popen(command, env=environment, stdout=stream, stderr=subprocess.STDOUT)
    try:
        yield log
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == 0, log.read_text()
        assert "Traceback" not in log.read_text()
    finally:
        process.kill()
        process.wait()
        installation.provision()
        rotated(installation)  # those of a short life would end under the tests to come


def test_processes_go_on_past_two_lives_of_their_secret_ids_without_a_restart(
    installation, short_lives, until
):
    until(lambda: "backup: replaced" in short_lives.read_text(), what="the first round")
    seen: list[dict[str, str]] = []
    end = time.monotonic() + 2.5 * LIFE
    with (
        dispatching(installation, installation.identity_file("dispatcher")) as dispatcher,
        auditing(installation, installation.identity_file("web")) as auditor,
    ):
        while time.monotonic() < end:
            # Their tokens live no longer than their SecretIDs, so that they log in again and again.
            assert mint(dispatcher).secret_id_accessor
            assert auditor.alive(accessors=[str(uuid4())], leases=[]) == []
            if (now := installation.identity("dispatcher")) not in seen:
                seen.append(now)
            time.sleep(0.1)
    assert len(seen) >= 4, "replaced at half of each life"
    assert not any(installation.log_in("dispatcher", old) for old in seen[:-2])
    assert (installation.folder / "rotator-health").read_text() == "ok\n"


def test_the_rotation_outlives_a_vault_that_is_down(installation, short_lives, until):
    until(lambda: "backup: replaced" in short_lives.read_text(), what="the first round")
    installation.process_table.stop("vault")
    until(lambda: "does not answer" in short_lives.read_text(), what="a reason in the log")
    assert "; trying again" in short_lives.read_text()
    assert "does not answer" in (installation.folder / "rotator-health").read_text()
    rounds = short_lives.read_text().count("web: replaced")
    installation.start_vault()
    until(lambda: short_lives.read_text().count("web: replaced") > rounds, what="another round")
    assert installation.log_in("web")
