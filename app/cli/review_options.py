"""The options of the commands that review flags, each with the field of the API that it fills."""

from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

import typer

from app.procurement.free_text import REASON_LIMIT
from app.review.flag_history import HIGHEST_VERSION, Decision

FLAG_ID = Annotated[UUID, typer.Argument(metavar="FLAG_ID", help="The id of a flag, from `triage flags`.")]
VERSION = Annotated[
    int | None,
    typer.Option(
        min=0,
        max=HIGHEST_VERSION,
        metavar="N",
        help="The version of the flag as you read it: refused if it has changed. Default: the present one.",
    ),
]


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """An option of a command, and the field of the request that it fills; `field` None if the command works it out."""

    option: str
    field: str | None
    kind: Any
    is_required: bool = False


REASON = Asked(
    option="reason",
    field="rationale",
    is_required=True,
    kind=Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help=f"Why, in {REASON_LIMIT} characters at most; becomes part of the contract file.",
        ),
    ],
)
REFERENCE = Asked(
    option="reference",
    field="reference",
    kind=Annotated[
        str | None,
        typer.Option(metavar="TEXT", help="The supporting document; `resolved` and `accepted` require one."),
    ],
)
DECISION = Asked(
    option="decision",
    field="decision",
    is_required=True,
    kind=Annotated[Decision, typer.Option(metavar="DECISION", help=f"{', '.join(Decision)}.")],
)
TO = Asked(
    option="to",
    field="assignee",
    kind=Annotated[
        str | None,
        typer.Option(metavar="SUBJECT", help="An officer, by the subject at the identity provider."),
    ],
)
OFFICE = Asked(
    option="to",
    field="office",
    kind=Annotated[
        str | None, typer.Option(metavar="OFFICE", help="The office that must act; `referred` requires one.")
    ],
)
DUE = Asked(
    option="due",
    field="due_on",
    kind=Annotated[
        str | None,
        typer.Option(
            metavar="DAY", help="The Eastern day by which it must act, YYYY-MM-DD; `referred` requires one."
        ),
    ],
)
COMMENT = Asked(
    option="text",
    field="comment",
    is_required=True,
    kind=Annotated[
        str,
        typer.Option(
            metavar="TEXT",
            help=f"The comment, in {REASON_LIMIT} characters at most; - reads it from standard input.",
        ),
    ],
)
ME = Asked(option="me", field=None, kind=Annotated[bool, typer.Option("--me", help="Assign it to yourself.")])
NOBODY = Asked(
    option="nobody",
    field=None,
    kind=Annotated[bool, typer.Option("--nobody", help="Remove the assignment.")],
)
