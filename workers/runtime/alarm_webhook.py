"""Alarms by webhook, signed as the Standard Webhooks specification says (https://www.standardwebhooks.com)."""

import binascii
import hmac
import json
import time
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path

from app.connections.deadline import Deadline
from app.connections.http_wire import Wire, WireError
from app.connections.secret_files import SettingsError, read_secret
from app.connections.tls import Trust
from app.credentials.alarm_settings import AlarmSettings
from app.credentials.deliveries import Notice
from workers.runtime.undelivered import UndeliveredError

#: Seconds one delivery may take, far less than the time for which an alarm is taken from the queue.
_DEADLINE = 10.0
#: Bytes of an answer, of which only the status counts.
_ANSWER_LIMIT = 65_536
_PREFIX = "whsec_"
_SHORTEST_KEY = 24


class Webhook:
    """Posts each alarm as JSON. Not fork-safe."""

    name = "webhook"

    def __init__(self, url: str, secret_file: Path, trust: Trust, *, pages: str | None) -> None:
        """`pages` is the address of the pages, None if unknown. Raises `SettingsError`."""
        self._url = url
        self._secret_file = secret_file
        self._pages = pages
        self._wire = Wire(trust, size=0)  # alarms are rare: no connection is kept
        self._key()

    def send(self, notice: Notice) -> None:
        """Return when the receiver has answered with success. Raises `UndeliveredError`."""
        body = json.dumps({"type": "alarm", "data": self.fields(notice)}).encode()
        now = str(int(time.time()))
        identity = str(notice.alarm_id)
        headers = {
            "Content-Type": "application/json",
            "webhook-id": identity,
            "webhook-timestamp": now,
            "webhook-signature": f"v1,{self._signature(identity, now, body)}",
        }
        try:
            answer = self._wire.request(
                "POST",
                self._url,
                deadline=Deadline(_DEADLINE),
                limit=_ANSWER_LIMIT,
                headers=headers,
                body=body,
            )
            status, problem = answer.status, None
        except WireError as error:
            # A status of success counts, whatever becomes of the rest of the answer.
            status, problem = error.status, str(error)
        if not 200 <= status < 300:  # noqa: PLR2004  # the class of success
            raise UndeliveredError(
                f"the receiver answered HTTP {status}" if status else problem or "no answer",
                is_refused=bool(status),
            )

    def fields(self, notice: Notice) -> dict[str, str | int | None]:
        """The fields of the message."""
        return dict(notice.fields(self._pages))

    def _signature(self, identity: str, now: str, body: bytes) -> str:
        try:
            key = self._key()
        except SettingsError as wrong:
            raise UndeliveredError(str(wrong), is_refused=False) from None
        return b64encode(hmac.digest(key, f"{identity}.{now}.".encode() + body, sha256)).decode()

    def _key(self) -> bytes:
        """Read anew each time, so that it can be replaced."""
        text = read_secret(self._secret_file, setting="ALARM_WEBHOOK_SECRET_FILE")
        try:
            key = b64decode(text.removeprefix(_PREFIX), validate=True)
        except (binascii.Error, ValueError):
            key = b""
        if len(key) < _SHORTEST_KEY:
            raise SettingsError(
                f"ALARM_WEBHOOK_SECRET_FILE: {self._secret_file} does not hold {_SHORTEST_KEY} bytes or more in base64"
            )
        return key


def webhook_channels(settings: AlarmSettings, trust: Trust) -> list[Webhook]:
    """The channel, if the settings name one. Raises `SettingsError`."""
    if settings.alarm_webhook_url is None:
        return []
    return [
        Webhook(
            settings.alarm_webhook_url,
            settings.file("alarm_webhook_secret_file"),
            trust,
            pages=settings.web_address,
        )
    ]
