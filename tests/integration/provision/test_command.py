"""`triage provision` and `triage rotate` as a person types them."""

import sys

import pytest

from infra.provision import __main__ as command


@pytest.fixture
def variables(servers):
    fields = ("secrets_folder", "database_admin_url", "redis_admin_url", "demo_folder")
    return {name.upper(): str(getattr(servers.settings, name)) for name in fields}


@pytest.fixture
def provision(variables, monkeypatch, capsys):
    """The same command without the time a process takes to start: status, standard output, lines of errors."""

    def run(*arguments, environment=None):
        monkeypatch.setattr(sys, "argv", ["provision", *arguments])
        monkeypatch.setattr(command, "forget_foreign", lambda: None)  # the environment is that of all tests
        for name, value in (variables | (environment or {})).items():
            monkeypatch.setenv(name, value)
        status = 0
        try:
            command.main()
        except SystemExit as ended:
            status = ended.code
        printed, errors = capsys.readouterr()
        return status, printed, errors.splitlines()

    return run


def test_each_step_says_what_it_changed_and_then_that_there_is_nothing(provision):
    for step, first in (
        ("database", "database: database triage: created"),
        ("broker", "broker: user worker: created"),
        ("demo-data", "demo-data: scenarios: 12 actions written into"),
    ):
        status, printed, errors = provision(step)
        assert (status, errors) == (0, []), printed
        assert first in printed
        assert provision(step) == (0, f"{step}: nothing to change\n", [])


def test_the_command_line_hands_its_arguments_on(triage, variables):
    status, printed, errors = triage("rotate", "web-key", environment=variables)
    assert (status, errors) == (0, [])
    assert "restart every web process" in printed
    status, printed, errors = triage("provision", "broker", environment=variables | {"REDIS_ADMIN_URL": ""})
    assert (status, printed, errors) == (2, "", ["REDIS_ADMIN_URL is not set"])


@pytest.mark.parametrize(
    ("arguments", "environment", "line"),
    [
        (["keys"], {"SECRETS_FOLDER": ""}, "SECRETS_FOLDER is not set"),
        (["database"], {"DATABASE_ADMIN_URL": ""}, "DATABASE_ADMIN_URL is not set"),
        (["database"], {"DATABASE_ADMIN_URL": "mysql://127.0.0.1/x"}, "DATABASE_ADMIN_URL: must start with"),
        (
            ["database"],
            {"DATABASE_ADMIN_URL": "postgresql://postgres:canary@127.0.0.1/postgres"},
            "DATABASE_ADMIN_URL: must not carry a password",
        ),
        (
            ["broker"],
            {"SECRETS_FOLDER": "/nowhere"},
            "SECRETS_FOLDER: there is no dispatcher/broker-password",
        ),
        (["broker"], {"PROVISION_PATIENCE": "soon"}, "PROVISION_PATIENCE: "),
        (["demo-data"], {"DEMO_FOLDER": ""}, "DEMO_FOLDER is not set"),
        (["vault"], {"RUN_TOKEN_TTL": "89"}, "RUN_TOKEN_TTL: 89 s is not between 90 s, the longest run, and"),
        (["vault"], {"API_KEY_TTL": "901"}, "API_KEY_TTL: 901 s is not between"),
        (["vault"], {"DATABASE_USER_TTL": "1h"}, "DATABASE_USER_TTL: "),
        (["vault"], {"WORKER_CIDRS": "10.0.0.0/8, 10.1.2.3/24"}, "WORKER_CIDRS: 10.1.2.3/24 has host bits"),
        (["vault"], {"WORKER_CIDRS": "worker-1"}, "WORKER_CIDRS: 'worker-1' does not appear to be"),
        (["vault"], {"RUNS_PER_MINUTE": "0"}, "RUNS_PER_MINUTE: Input should be greater"),
        (["tables"], {}, "argument STEP: invalid choice: 'tables'"),
        (["keys", "--tls", "a b"], {}, "argument --tls: 'a b' is neither"),
        (["rotate", "run-role"], {"VAULT_ADDR": ""}, "VAULT_ADDR is not set"),
        (["rotate", "run-role", "--watch"], {}, "--watch: run-role is replaced once"),
        (["rotate", "web-key", "--watch"], {}, "--watch: web-key is replaced once"),
        (["rotate", "web-key", "--end-sessions"], {}, "--end-sessions: web-key has no sessions"),
    ],
)
def test_bad_input_is_named_in_one_line(provision, arguments, environment, line):
    status, printed, errors = provision(*arguments, environment=environment)
    assert (status, printed, len(errors)) == (2, "", 1)
    assert errors[0].startswith(line)
    assert "canary" not in errors[0]


def test_a_folder_that_cannot_be_written_is_named(provision, tmp_path):
    (tmp_path / "file").write_text("")
    status, _, errors = provision("keys", environment={"SECRETS_FOLDER": str(tmp_path / "file")})
    assert (status, len(errors)) == (1, 1)
    assert str(tmp_path / "file") in errors[0]
