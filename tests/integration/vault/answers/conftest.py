"""Each call that a process makes to its vault, made to a vault that is odd."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.connections.settings import load
from app.connections.tls import trust_of
from app.credentials.approle import RunRoleId
from app.credentials.auditor import Auditor
from app.credentials.settings import AgentSettings
from tests.integration.vault.answers.odd_vault import GRANTS, RUN_ID, OddVault
from workers.runtime.credential_ends import CredentialEnds
from workers.runtime.process_identity import ProcessIdentity
from workers.runtime.run_session import introduced
from workers.runtime.secret import Secret
from workers.runtime.vault import Vault


@pytest.fixture
def odd_vault() -> Iterator[OddVault]:
    made = OddVault()
    yield made
    made.close()


@pytest.fixture
def identity_file(tmp_path) -> Path:
    file = tmp_path / "identity.json"
    file.touch(0o600)
    file.write_text(json.dumps({"role_id": "role", "secret_id": "secret"}))
    return file


@pytest.fixture
def calls(odd_vault, identity_file, tmp_path):
    """Makes one of the calls, with a deadline in seconds: `calls("mint", 5.0)`."""
    half = tmp_path / "half"
    half.touch(0o600)
    half.write_text("role")
    trust = trust_of(load(AgentSettings))
    opened: list[Vault] = []

    def vault(seconds):
        opened.append(Vault(odd_vault.address, trust, timeout=seconds))
        return opened[-1]

    def in_run(seconds, act):
        made = introduced(vault(seconds), Secret("s.w"), role_id=RunRoleId(half), run_id=RUN_ID, attempt=1)
        with made as session:
            act(session)

    def as_process(seconds):
        return ProcessIdentity(vault(seconds), identity_file)

    def ends(seconds):
        return CredentialEnds(as_process(seconds))

    def audit(seconds):
        with Auditor(odd_vault.address, identity_file, trust, timeout=seconds) as auditor:
            auditor.alive(accessors=["accessor"] * 20, leases=["lease"] * 20)

    minted = {"attempt": 1, "job_id": "j", "requested_by": "r", "wrapping_ttl": 60}
    made = {
        "introduce": lambda s: in_run(s, lambda _: None),
        **{
            name: lambda s, grant=grant: in_run(s, lambda session: session.issue("tool", grant))
            for name, grant in GRANTS.items()
        },
        "revoke": lambda s: in_run(s, lambda session: session.revoke()),
        "mint": lambda s: as_process(s).mint(run_id=RUN_ID, **minted),
        "metadata": lambda s: ends(s).metadata("accessor"),
        "lease": lambda s: ends(s).is_lease_alive("lease"),
        "end token": lambda s: ends(s).end_token("accessor"),
        "end lease": lambda s: ends(s).end_lease("lease"),
        "end SecretID": lambda s: ends(s).end_secret_id("accessor"),
        "audit": audit,
    }
    yield lambda name, seconds: made[name](seconds)
    for each in opened:
        each.close()
