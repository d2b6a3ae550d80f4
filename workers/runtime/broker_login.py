"""The login at the broker, whose password is read anew for every connection, so that it can be replaced while we run."""

from pathlib import Path
from urllib.parse import urlsplit

import redis

from app.connections.secret_files import SettingsError, read_secret
from app.connections.settings import ConnectionSettings


class BrokerLogin(redis.CredentialProvider):
    """User and password file, as Celery's transport asks for them whenever it connects."""

    def __init__(self, user: str, file: Path) -> None:
        self._user = user
        self._file = file

    def get_credentials(self) -> tuple[str, str]:
        """User and password. Raises redis.ConnectionError, which is tried again, when the file cannot be read."""
        try:
            return self._user, read_secret(self._file, setting="REDIS_PASSWORD_FILE")
        except SettingsError as error:
            # It was in order when this process started, and may be again in a moment.
            raise redis.ConnectionError(str(error)) from None


def broker_login(settings: ConnectionSettings) -> BrokerLogin | None:
    """The login that REDIS_URL and REDIS_PASSWORD_FILE name; None without such a file.

    Raises `SettingsError` for a file that cannot be read now.
    """
    file = settings.redis_password_file
    if file is None:
        return None
    read_secret(file, setting="REDIS_PASSWORD_FILE")
    return BrokerLogin(urlsplit(settings.need("redis_url")).username or "default", file)
