"""Settings of where alarms are sent: to a webhook, and by e-mail."""

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator

from app.connections.addresses import HttpAddress, is_local
from app.connections.settings import ConnectionSettings

#: Receivers of one alarm by e-mail, at most.
_MOST_RECEIVERS = 10
_MAILBOX = re.compile(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?"
)


def _server(value: str) -> str:
    if not value.startswith(("smtp://", "smtps://")):
        raise ValueError("must start with smtp:// or smtps://")
    parts = urlsplit(value)
    if parts.username or parts.password:
        raise ValueError(
            "must not carry a user or password: ALARM_MAIL_USER and ALARM_MAIL_PASSWORD_FILE name them"
        )
    if not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("must be a host, with or without a port")
    _ = parts.port  # raises ValueError when it is none
    return value.rstrip("/")


def _mailbox(value: str) -> str:
    if not _MAILBOX.fullmatch(value):
        raise ValueError(f"{value!r} is no e-mail address")
    return value


def _mailboxes(value: str) -> str:
    found = [_mailbox(each.strip()) for each in value.split(",")]
    if len(found) > _MOST_RECEIVERS:
        raise ValueError(f"names {len(found)} addresses, {_MOST_RECEIVERS} are allowed")
    return ",".join(dict.fromkeys(found))


class AlarmSettings(ConnectionSettings):
    """Where alarms are sent. Without any of these settings they are shown on the pages only."""

    #: Receives each alarm as JSON; and a secret file with the key that signs it, in base64.
    alarm_webhook_url: HttpAddress | None = None
    alarm_webhook_secret_file: Path | None = None
    #: The mail server: smtps:// for TLS from the start, smtp:// for STARTTLS, which only this machine's own may lack.
    alarm_mail_server: Annotated[str, AfterValidator(_server)] | None = None
    alarm_mail_from: Annotated[str, AfterValidator(_mailbox)] | None = None
    #: Receivers, separated by commas.
    alarm_mail_to: Annotated[str, AfterValidator(_mailboxes)] | None = None
    #: The login at the mail server, if it wants one, and a secret file with its password.
    alarm_mail_user: str | None = None
    alarm_mail_password_file: Path | None = None
    #: Where browsers reach the pages: an alarm names the address of its own.
    web_address: HttpAddress | None = None

    @property
    def mail_receivers(self) -> list[str]:
        """The receivers of alarms by e-mail."""
        return self.alarm_mail_to.split(",") if self.alarm_mail_to else []

    @property
    def is_mail_local(self) -> bool:
        """Whether the mail server is on this machine."""
        return is_local(urlsplit(self.alarm_mail_server or "").hostname)
