"""Rate limits per minute: sign-ins per address; writes, exports and API calls per person.

Counters are in memory, so the effective limit is multiplied by the number of web processes.
"""

from flask import Flask, request
from flask_limiter import ApplicationLimit, Limiter
from flask_limiter.util import get_remote_address

from app.settings import Settings
from app.web.access import API, EXPORTING, SAFE_METHODS
from app.web.sign_in.current_person import visitor

_SIGN_IN = "sign_in.start"


def init_app(app: Flask, configuration: Settings) -> None:
    """Answer requests over a limit with HTTP 429 and `Retry-After`. Call this after `access.init_app`."""
    Limiter(
        _who,
        app=app,
        storage_uri="memory://",
        headers_enabled=True,
        retry_after="delta-seconds",
        application_limits=[
            ApplicationLimit(
                f"{configuration.sign_ins_per_minute} per minute",
                scope="sign-ins",
                key_function=get_remote_address,
                exempt_when=lambda: request.endpoint != _SIGN_IN,
            ),
            ApplicationLimit(
                f"{configuration.writes_per_minute} per minute",
                scope="writes",
                exempt_when=lambda: request.method in SAFE_METHODS,
            ),
            ApplicationLimit(
                f"{configuration.exports_per_minute} per minute",
                scope="exports",
                exempt_when=lambda: request.endpoint not in EXPORTING,
            ),
            ApplicationLimit(
                f"{configuration.api_calls_per_minute} per minute",
                scope="calls",
                exempt_when=lambda: not request.path.startswith(API),
            ),
        ],
    )


def _who() -> str:
    person = visitor()
    return f"person {person.subject}" if person else f"address {get_remote_address()}"
