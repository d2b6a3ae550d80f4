"""Refusals of the JSON API in plain sentences, with the exit status of the command."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Any

from app.cli.output import FAILED, USAGE, CommandError
from app.connections.http_wire import WireAnswer
from app.procurement.labels import DECISIONS, EVENTS, without_unseen

#: The command or its token is wrong, by the statuses of the API. Everything else failed.
_WRONG = frozenset(
    {
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)


class RefusedError(CommandError):
    """The API did not do what was asked."""

    def __init__(self, *lines: str, exit_status: int = FAILED) -> None:
        # The lines come from another machine: each must stay one line.
        super().__init__(*(" ".join(without_unseen(line).split()) for line in lines), exit_status=exit_status)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wording:
    """The words of one command: what is said of an unknown id, and its options by the field of the API they fill."""

    unknown: str
    options: Mapping[str, str] = field(default_factory=dict)


def refusal(answer: WireAnswer, wording: Wording) -> RefusedError:
    """What an answer with a status of 400 or more says. Without a problem document, only the status is known."""
    status = USAGE if answer.status in _WRONG else FAILED
    if answer.status == HTTPStatus.UNAUTHORIZED:
        return RefusedError(
            "TRIAGE_TOKEN_FILE: the API does not accept this token. It may have expired: get a new one.",
            exit_status=status,
        )
    try:
        return RefusedError(*_sentences(answer, json.loads(answer.content), wording), exit_status=status)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return RefusedError(f"the JSON API answers HTTP {answer.status}", exit_status=status)


def _sentences(answer: WireAnswer, problem: Mapping[str, Any], wording: Wording) -> list[str]:
    if errors := problem.get("errors"):
        return [_fault(each, wording) for each in errors]
    if flag := problem.get("flag"):
        return [_changed(flag, problem.get("event"))]
    seconds = answer.headers.get("retry-after", "60")
    said = f"{problem['title']}. {problem['detail']}"
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        said += f" (reference {problem['reference']})"
    return [
        {
            HTTPStatus.NOT_FOUND: wording.unknown,
            HTTPStatus.CONFLICT: f"{problem['detail']} Nothing was stored.",
            HTTPStatus.TOO_MANY_REQUESTS: f"{problem['title']}. Try again in {seconds} seconds.",
        }.get(HTTPStatus(answer.status), said)
    ]


def _fault(error: Mapping[str, Any], wording: Wording) -> str:
    name, value = str(error["field"]), error["value"]
    # A field that was left out is None to the API; a text of that spelling has quotation marks.
    given = "" if value in (None, "None") else f"{value} "
    return f"{wording.options.get(name, name)}: {given}{error['problem']}"


def _changed(flag: Mapping[str, Any], event: Mapping[str, Any] | None) -> str:
    if event is None:
        first = "The flag has never had this version."
    else:
        what = EVENTS.get(event["kind"], event["kind"]).lower()
        decision = event.get("decision")
        named = f": {DECISIONS.get(decision, decision)}" if decision else ""
        at = datetime.fromisoformat(event["at"])
        first = f"{event['by_name']} was first ({what}{named}, {at:%Y-%m-%d %H:%M:%S} UTC)."
    return (
        f"{first} Nothing was stored. The flag is at version {flag['version']} now:"
        f" look at it, then repeat the command with --version {flag['version']}."
    )
