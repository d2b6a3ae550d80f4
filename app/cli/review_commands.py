"""The commands that review flags: `triage decide`, `refer`, `assign`, `comment`, `concur`, `decline` and `undo`.

Each is one row of `REVIEWS`, and one request to the JSON API on behalf of the person whose token is in TRIAGE_TOKEN_FILE.
Who acts, and whether they may, is decided there.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from inspect import Parameter, Signature
from typing import Any
from uuid import UUID

from app.cli.api_client import Client
from app.cli.api_problems import Wording
from app.cli.context import Context, reported
from app.cli.options import AsJson
from app.cli.output import CommandError, out, print_json
from app.cli.review_options import (
    COMMENT,
    DECISION,
    DUE,
    FLAG_ID,
    ME,
    NOBODY,
    OFFICE,
    REASON,
    REFERENCE,
    TO,
    VERSION,
    Asked,
)
from app.intake import BODY_LIMIT
from app.procurement.labels import STATUSES
from app.review.flag_history import Decision

_ON_BEHALF = "Sent to the JSON API with your access token: TRIAGE_TOKEN_FILE names the file that holds it."


def _as_given(review: "Review", given: Mapping[str, Any], _: Client) -> dict[str, Any]:
    fields = {each.field: given[each.option] for each in review.asked if each.field is not None}
    return {name: value for name, value in fields.items() if value is not None}


def _assignee(_: "Review", given: Mapping[str, Any], client: Client) -> dict[str, Any]:
    if given["to"] is not None:
        return {"assignee": given["to"]}
    return {"assignee": client.me() if given["me"] else None}


def _comment(_: "Review", given: Mapping[str, Any], __: Client) -> dict[str, Any]:
    if given["text"] != "-":
        return {"comment": given["text"]}
    try:
        # More than the API takes of anything, which then says what it takes of a comment.
        return {"comment": sys.stdin.buffer.read(BODY_LIMIT // 4).decode("utf-8")}
    except UnicodeDecodeError:
        raise CommandError("--text: the standard input is not UTF-8 text") from None


def _one_assignee(given: Mapping[str, Any]) -> str | None:
    chosen = [given["to"] is not None, given["me"], given["nobody"]]
    return None if sum(chosen) == 1 else "give one of --to, --me and --nobody"


@dataclass(frozen=True, kw_only=True, slots=True)
class Review:
    """One command: its name, its options, and the change of the API (`/flags/ID/CHANGE`) that it requests.

    `fixed` are fields that the command itself settles. `body` makes the other fields from the options given; `wrong` says
    what is wrong with these, or None.
    """

    name: str
    change: str
    text: str
    asked: tuple[Asked, ...]
    fixed: Mapping[str, str] = field(default_factory=dict)
    body: Callable[["Review", Mapping[str, Any], Client], dict[str, Any]] = _as_given
    wrong: Callable[[Mapping[str, Any]], str | None] = lambda _: None

    def command(self) -> Callable[..., None]:
        """The function that Typer makes the command of."""

        def run(flag_id: UUID, version: int | None, as_json: bool, **given: Any) -> None:
            with reported():
                if problem := self.wrong(given):
                    raise CommandError(problem)
                state = self._request(Client.of(Context()), flag_id, version, given)
            print_json(state) if as_json else _show(state)

        parameters = [
            Parameter("flag_id", Parameter.KEYWORD_ONLY, annotation=FLAG_ID),
            *(
                Parameter(
                    each.option,
                    Parameter.KEYWORD_ONLY,
                    annotation=each.kind,
                    default=Parameter.empty if each.is_required else _absent(each.kind),
                )
                for each in self.asked
            ),
            Parameter("version", Parameter.KEYWORD_ONLY, annotation=VERSION, default=None),
            Parameter("as_json", Parameter.KEYWORD_ONLY, annotation=AsJson, default=False),
        ]
        run.__signature__ = Signature(parameters)  # type: ignore[attr-defined]  # which Typer reads
        run.__annotations__ = {each.name: each.annotation for each in parameters}
        run.__doc__ = f"{self.text}\n\n{_ON_BEHALF}"
        return run

    def _request(self, client: Client, flag_id: UUID, version: int | None, given: Mapping[str, Any]) -> Any:
        options = {each.field: f"--{each.option}" for each in self.asked if each.field is not None}
        wording = Wording(
            unknown=f"flag: no flag has the id {flag_id}", options={**options, "version": "--version"}
        )
        body = {**self.body(self, given, client), **self.fixed}
        if version is None:
            version = client.get(f"/flags/{flag_id}", wording)["version"]
        return client.post(f"/flags/{flag_id}/{self.change}", wording, {**body, "version": version})


def _absent(kind: Any) -> bool | None:
    """The default of an option: False for a switch."""
    return False if kind.__origin__ is bool else None


REVIEWS = (
    Review(
        name="decide",
        change="decisions",
        text="Decide a flag, in your name.",
        asked=(DECISION, REASON, REFERENCE, OFFICE, DUE),
    ),
    Review(
        name="refer",
        change="decisions",
        text="Refer a flag to the office that must act, with a due date, in your name.",
        asked=(replace(OFFICE, is_required=True), replace(DUE, is_required=True), REASON, REFERENCE),
        fixed={"decision": Decision.REFERRED},
    ),
    Review(
        name="assign",
        change="assignments",
        text="Assign a flag to an officer, to yourself or to nobody.",
        asked=(TO, ME, NOBODY),
        body=_assignee,
        wrong=_one_assignee,
    ),
    Review(
        name="comment",
        change="comments",
        text="Comment on a flag, in your name. A comment changes no decision.",
        asked=(COMMENT,),
        body=_comment,
    ),
    Review(
        name="concur",
        change="concurrences",
        text="Agree, as the second officer, with a decision that waits for it.",
        asked=(REASON,),
        fixed={"answer": "concur"},
    ),
    Review(
        name="decline",
        change="concurrences",
        text="Disagree, as the second officer, with a decision that waits for it. The flag is open again.",
        asked=(REASON,),
        fixed={"answer": "decline"},
    ),
    Review(
        name="undo",
        change="undoings",
        text="Undo the decision in force. It stays in the history; the flag is open again.",
        asked=(REASON,),
    ),
)

decide, refer, assign, comment, concur, decline, undo = (review.command() for review in REVIEWS)


def _show(state: Mapping[str, Any]) -> None:
    status = STATUSES.get(state["status"], state["status"])
    if state["office"]:
        status += f" to {state['office']}, due {state['due_on']}"
    to = f"assigned to {state['assignee']}" if state["assignee"] else "assigned to nobody"
    out.print(
        f"Flag {state['flag_id']}: {status[:1].lower()}{status[1:]}, {to}, version {state['version']}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
