"""Sends alarms to those who must know, each by every channel that the settings name.

An alarm is queued by the statement that raises it. It stays queued until its receiver has it; if this process dies in
between, the receiver may get it twice, with the same id.
"""

from collections.abc import Sequence
from typing import Protocol
from uuid import UUID

import structlog
from sqlalchemy import Engine

from app.connections.tls import Trust
from app.credentials.alarm_settings import AlarmSettings
from app.credentials.deliveries import Deliveries, Notice
from workers.runtime.alarm_mail import mail_channels
from workers.runtime.alarm_webhook import webhook_channels
from workers.runtime.rounds import Lane, RoundFailedError, Rounds
from workers.runtime.undelivered import UndeliveredError

log = structlog.get_logger()
#: Seconds between two looks at the queue.
_REST = 1.0


class AlarmChannel(Protocol):
    """One way to one receiver."""

    @property
    def name(self) -> str: ...

    def send(self, notice: Notice) -> None:
        """Return when the receiver has it. Raises `UndeliveredError`."""


class Delivery:
    """Empties the queue of one channel."""

    def __init__(self, channel: AlarmChannel, deliveries: Deliveries) -> None:
        self._channel = channel
        self._deliveries = deliveries
        self._refused = dict[UUID, str]()

    def look(self) -> str | None:
        """Send what is due; what is in the way, or None. Raises `RoundFailedError` if the receiver is away."""
        self._deliveries.register()
        name = self._channel.name
        while notice := self._deliveries.take(name):
            try:
                self._channel.send(notice)
            except UndeliveredError as failed:
                why = str(failed)
                self._deliveries.not_sent(notice, name, why_not=why, is_refused=failed.is_refused)
                if not failed.is_refused:
                    raise RoundFailedError(f"alarms are not sent by {name}: {why}") from None
                self._refused[notice.alarm_id] = why
                log.warning("alarm not sent", channel=name, alarm=str(notice.alarm_id), reason=why)
            else:
                self._deliveries.sent(notice, name)
                self._refused.pop(notice.alarm_id, None)
                log.info("alarm sent", channel=name, alarm=str(notice.alarm_id), tries=notice.tries)
        if self._refused:
            return f"{len(self._refused)} alarms are not sent by {name}: {next(iter(self._refused.values()))}"
        return None


def delivery_lanes(settings: AlarmSettings, engine: Engine, trust: Trust) -> Sequence[Lane]:
    """One lane for each channel that the settings name. Raises `SettingsError`."""
    channels: list[AlarmChannel] = [*webhook_channels(settings, trust), *mail_channels(settings, trust)]
    deliveries = Deliveries(engine, [channel.name for channel in channels])
    lanes = [
        Lane(Rounds(f"sending alarms by {channel.name}", Delivery(channel, deliveries).look), rest=_REST)
        for channel in channels
    ]
    return lanes or [Lane(Rounds("sending alarms", deliveries.register), rest=_REST)]
