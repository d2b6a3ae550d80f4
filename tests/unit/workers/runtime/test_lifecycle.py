"""What every background process does at its start."""

import json

import pytest
import structlog

from app.connections.secret_files import SettingsError
from app.credentials.settings import AgentSettings
from workers.runtime import lifecycle


@pytest.fixture
def logged(monkeypatch):
    """What the module logs, in place of a logger that an earlier test may have set up."""
    capture = structlog.testing.LogCapture()
    monkeypatch.setattr(
        lifecycle, "log", structlog.wrap_logger(structlog.PrintLogger(), processors=[capture])
    )
    return capture.entries


def test_a_start_logs_the_settings_and_no_secret(monkeypatch, tmp_path, logged):
    file = tmp_path / "password"
    file.write_text("the password of a database")
    file.chmod(0o600)
    monkeypatch.setenv("DATABASE_URL", "postgresql://triage_dispatcher@127.0.0.1:1/triage")
    monkeypatch.setenv("DATABASE_PASSWORD_FILE", str(file))
    monkeypatch.setenv("ATTEMPT_LEASE", "121")
    lifecycle.configured(AgentSettings, "database_url")
    (line,) = logged
    assert (line["event"], line["log_level"]) == ("configuration", "info")
    assert line["settings"]["attempt_lease"] == 121
    assert line["settings"]["database_password_file"] == str(file)
    assert "the password of a database" not in json.dumps(line)


def test_wrong_settings_are_not_logged_as_a_start(monkeypatch, logged):
    monkeypatch.setenv("DATABASE_PASSWORD_FILE", "/nonexistent")
    with pytest.raises(SettingsError, match="DATABASE_PASSWORD_FILE"):
        lifecycle.configured(AgentSettings)
    assert logged == []
