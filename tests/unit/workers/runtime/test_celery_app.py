"""The broker's password never becomes part of the configuration."""

import pytest
import redis

from app.connections.secret_files import SettingsError
from app.credentials.settings import AgentSettings
from workers.runtime.celery_app import make


def test_the_brokers_password_is_read_at_each_connection_and_is_in_no_configuration(tmp_path):
    file = tmp_path / "password"
    file.write_text("canary\n")
    file.chmod(0o440)
    configured = AgentSettings(redis_url="rediss://worker@[2001:db8::1]:6379/0", redis_password_file=file)
    celery = make(configured)
    assert "canary" not in repr(celery.conf)
    login = celery.connection_for_write().credential_provider
    assert login.get_credentials() == ("worker", "canary")
    file.chmod(0o640)
    file.write_text("another")
    assert login.get_credentials() == ("worker", "another")
    file.unlink()
    with pytest.raises(redis.ConnectionError, match=r"REDIS_PASSWORD_FILE: .* is not a file"):
        login.get_credentials()
    with pytest.raises(SettingsError, match="REDIS_PASSWORD_FILE"):
        make(configured)
