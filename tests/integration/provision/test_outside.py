"""`triage stack up` with a vault, a database and a broker that run elsewhere: it works, or names what is missing."""

import json
import shutil
from urllib.parse import urlsplit

import pytest

from app import usecases
from app.connections.database import connect, sessions
from app.credentials.progress import Progress
from app.settings import Settings
from infra.local.errors import OutsideError
from infra.local.options import EVERYTHING, SERVERS, Outside, StackOptions
from infra.local.stack import LocalStack
from infra.secrets_folder import SecretsFolder


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory):
    """Servers run by others, of which we get addresses and a folder of secrets."""
    options = StackOptions(parts=SERVERS, usual_ports=False)
    with LocalStack(tmp_path_factory.mktemp("elsewhere") / "home", options=options) as stack:
        yield stack


@pytest.fixture
def variables(elsewhere, tmp_path):
    secrets = shutil.copytree(elsewhere.layout.secrets, tmp_path / "secrets")
    return {
        "SECRETS_FOLDER": str(secrets),
        "VAULT_ADDR": elsewhere.endpoints["vault"],
        "VAULT_AUDIT_LOG": str(elsewhere.layout.audit_log),
        "DATABASE_URL": f"{elsewhere.endpoints['postgres']}/triage",
        "REDIS_URL": elsewhere.endpoints["valkey"],
    }


def options(variables) -> StackOptions:
    return StackOptions(
        parts=EVERYTHING, usual_ports=False, outside=Outside.from_environment(variables), actions=3
    )


def test_what_is_missing_is_named_before_anything_is_started(variables, tmp_path):
    secrets = SecretsFolder(tmp_path / "secrets")
    secrets.delete("operator", "vault-root-token")  # so that the start does not provision the vault
    secrets.delete("worker", "broker-password")
    secrets.replace("web", "database-password", "another")
    secrets.replace("sweeper", "vault-identity.json", json.dumps({"role_id": "a", "secret_id": "b"}))
    stack = LocalStack(tmp_path / "home", options=options(variables))
    with pytest.raises(OutsideError) as refused:
        stack.start()
    place = urlsplit(variables["DATABASE_URL"]).netloc
    refused_login = f"PostgreSQL at {place} refused the password of triage_app ({secrets.path('web', 'database-password')})"

    def missing(owner, name, step):
        steps = f"run `triage provision keys` and `triage provision {step}`"
        return f"SECRETS_FOLDER: there is no {secrets.path(owner, name)}; {steps}"

    assert str(refused.value).splitlines() == [
        f"DATABASE_URL: {refused_login}",
        missing("worker", "broker-password", "broker"),
        missing("worker", "run-role-id", "vault"),
        missing("dispatcher", "vault-identity.json", "vault"),
        f"VAULT_ADDR: the vault refused the identity in {secrets.path('sweeper', 'vault-identity.json')}",
        missing("web", "vault-identity.json", "vault"),
        missing("switch", "vault-identity.json", "vault"),
    ]
    assert not stack.processes


def test_with_all_that_is_needed_it_works_each_process_with_its_own_login(
    variables, elsewhere, tmp_path, until
):
    """Named an administrator, the start provisions the server first."""
    administered = variables | {"DATABASE_ADMIN_URL": elsewhere.services.database.address}
    with LocalStack(tmp_path / "home", options=options(administered)) as stack:
        assert not {"vault", "postgres", "valkey"} & set(stack.processes)
        told = stack.environment("cli")
        engine = connect(
            Settings(
                database_url=told["DATABASE_URL"], database_password_file=told["DATABASE_PASSWORD_FILE"]
            ),
            pool_size=1,
        )
        factory = sessions(engine)
        ids, _ = usecases.submit(factory, (stack.layout.scenarios / "inbox.json").read_text(encoding="utf-8"))
        runs = usecases.request_runs(factory, ids, requested_by="test")
        until(lambda: stack.check() or Progress(factory).ended(runs) == len(runs), seconds=60)
        with elsewhere.services.database.connect("triage") as connection:
            logins = "SELECT DISTINCT usename FROM pg_stat_activity WHERE datname = 'triage' AND usename LIKE 'triage%'"
            assert {name for (name,) in connection.execute(logins)} == {
                "triage_app",
                "triage_dispatcher",
                "triage_sweeper",
                "triage_reconciler",
                "triage_switch",
                "triage_worker",
            }
            query = "SELECT count(*) FROM run JOIN credential USING (run_id) WHERE state = 'completed'"
            assert connection.execute(query).fetchone() == (5 * len(ids),)
        engine.dispose()
    assert (tmp_path / "secrets" / "worker" / "broker-password").is_file()  # not ours to remove
