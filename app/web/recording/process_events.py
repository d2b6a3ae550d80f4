"""The security events of a process: its start, with settings, version and level of the log, and its end."""

import logging
from collections.abc import Callable
from typing import Any

from flask import Flask

from app import __version__
from app.review.event_records import EventOutcome, SecurityEvent
from app.settings import Settings
from app.web.recording.acts import START, STOP
from app.web.services import services


def record_start(app: Flask, configuration: Settings) -> Callable[[], None]:
    """Record that `app` starts with this configuration. Settings hold no secret, only names of files that do.

    Returns what the process calls at its end: it records the end, and stores what waits.
    """
    with app.app_context():
        known = services()

    def record(action: str, detail: dict[str, Any]) -> None:
        event = SecurityEvent.of(
            at=known.clock.now(), action=action, outcome=EventOutcome.NOTED, object="web", detail=detail
        )
        known.event_outbox.record(event, patience=0)

    def end() -> None:
        record(STOP, {})
        known.event_outbox.close()

    level = logging.getLevelName(logging.getLogger().getEffectiveLevel())
    settings = configuration.model_dump(mode="json")
    record(START, {"version": __version__, "log_level": level, "settings": settings})
    return end
