"""The login at the broker, whose password is read anew for every connection, so that it can be replaced while we run."""

from pathlib import Path

import redis

from app.secret_files import SettingsError, read_secret


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
