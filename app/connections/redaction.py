"""The last step of every log record: what looks like a secret is replaced before any handler writes it."""

import logging
import re
import sys
import threading
from types import TracebackType

log = logging.getLogger(__name__)

REDACTED = "[redacted]"

#: Tokens of the vault (`s.`, `b.`, `r.`, and the `hvs.` family of its relative) and signed tokens. No form needs what
#: follows it, so a text is read once. Nor does any look at what stands before: in JSON that may be the n of a line end.
_FORMS = re.compile(
    r"(?:hv[sbr]\.[\w-]{16}|[sr]\.[0-9A-Za-z]{24}|b\.[\w-]{40}|eyJ[\w-]{16})[\w.-]*+", re.ASCII
)
#: Values without a form are known by their field. Redaction is cheap because few texts hold such a name.
_NAMES = ("wrapping_token", "secret_id", "role_id", "client_token", "password")
#: A value in quotes ends at the same quote, escaped as often as the first; one that never ends is replaced to the end.
_FIELDS = re.compile(
    rf"""(?P<kept>(?:{"|".join(_NAMES)})[\\"']{{0,16}}\s{{0,8}}[:=]\s{{0,8}}b?)"""
    r"""(?:(?P<quote>\\{0,15}["'])(?:(?!(?<!\\)(?P=quote)).)*+|[^\s,;&)\]}"'\\]++)""",
    re.DOTALL,
)

_format = logging.Handler.format


def redact(text: str) -> str:
    """`text` without anything that has the form of a vault token or a JWT, and without the values of secret fields."""
    if any(name in text for name in _NAMES):
        text = _FIELDS.sub(_without_value, text)
    return _FORMS.sub(REDACTED, text)


def install() -> None:
    """Redact what any handler of this process writes, those of libraries included, and errors that nobody catches."""
    logging.Handler.format = _redacted  # type: ignore[method-assign,assignment]  # the one step all share
    # Otherwise a record that cannot be written is printed, with its arguments, past all handlers.
    logging.raiseExceptions = False
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread


def _without_value(found: re.Match[str]) -> str:
    return f"{found['kept']}{found['quote'] or ''}{REDACTED}"


def _redacted(handler: logging.Handler, record: logging.LogRecord) -> str:
    try:
        return redact(_format(handler, record))
    except Exception as error:  # noqa: BLE001  # the record's arguments may raise anything
        return (
            f"a log record of {record.pathname}:{record.lineno} could not be written ({type(error).__name__})"
        )


def _uncaught(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
        return
    log.critical("uncaught error", exc_info=(kind, error, traceback))


def _uncaught_in_thread(caught: threading.ExceptHookArgs) -> None:
    if caught.exc_value is not None and not issubclass(caught.exc_type, SystemExit):
        _uncaught(caught.exc_type, caught.exc_value, caught.exc_traceback)
