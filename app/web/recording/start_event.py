"""The security event of a start: with which settings, which version, and how much is logged."""

import logging

from flask import Flask

from app import __version__
from app.review.event_records import EventOutcome, SecurityEvent
from app.settings import Settings
from app.web.recording.acts import START
from app.web.recording.event_outbox import EventOutbox
from app.web.services import services


def record_start(app: Flask, configuration: Settings) -> EventOutbox:
    """Record that `app` starts with this configuration. Settings hold no secret, only names of files that do.

    Returns the outbox, which the process closes when it ends.
    """
    with app.app_context():
        known = services()
    event = SecurityEvent.of(
        at=known.clock.now(),
        action=START,
        outcome=EventOutcome.NOTED,
        object="web",
        detail={
            "version": __version__,
            "log_level": logging.getLevelName(logging.getLogger().getEffectiveLevel()),
            "settings": configuration.model_dump(mode="json"),
        },
    )
    known.event_outbox.record(event, patience=0)
    return known.event_outbox
