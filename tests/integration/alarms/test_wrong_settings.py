"""A sweeper that could not send alarms says so at its start, in a line that names the setting."""

import subprocess
import sys

import pytest

URL = {"ALARM_WEBHOOK_URL": "http://127.0.0.1:1/"}
MAIL = {"ALARM_MAIL_SERVER": "smtp://127.0.0.1:1", "ALARM_MAIL_FROM": "a@b.example"}


@pytest.fixture
def sweep(system, tmp_path):
    """The outcome of a sweeper with these settings, and texts in place of the files they name."""

    def ended(settings: dict[str, str], files: dict[str, str]) -> subprocess.CompletedProcess[str]:
        environment = system.stack.environment("sweeper") | settings
        environment |= {"VAULT_ADDR": "http://127.0.0.1:1", "LEDGER_URL": "postgresql://127.0.0.1:1/ledger"}
        identity = tmp_path / "identity"
        identity.write_text('{"role_id": "x", "secret_id": "x"}')
        identity.chmod(0o600)
        environment["VAULT_IDENTITY_FILE"] = str(identity)
        for name, text in files.items():
            path = tmp_path / name
            path.write_text(text)
            path.chmod(0o600)
            environment[name] = str(path)
        command = [sys.executable, "-m", "workers.sweep"]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    return ended


@pytest.mark.parametrize(
    ("settings", "files", "says"),
    [
        (URL, {}, "ALARM_WEBHOOK_SECRET_FILE is not set"),
        (URL, {"ALARM_WEBHOOK_SECRET_FILE": "canary"}, "24 bytes or more in base64"),
        (MAIL, {}, "ALARM_MAIL_TO is not set"),
        ({"ALARM_MAIL_SERVER": MAIL["ALARM_MAIL_SERVER"], "ALARM_MAIL_TO": "a@b.example"}, {}, "ALARM_MAIL_FROM is not set"),
        ({**MAIL, "ALARM_MAIL_TO": "a@b.example", "ALARM_MAIL_USER": "x"}, {}, "ALARM_MAIL_PASSWORD_FILE is not set"),
    ],
)  # fmt: skip
def test_what_is_missing_is_named(sweep, settings, files, says):
    ended = sweep(settings, files)
    assert ended.returncode == 2
    assert says in ended.stderr + ended.stdout
    assert "canary" not in ended.stderr + ended.stdout
