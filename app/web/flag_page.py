"""The page of one flag, as it is shown by itself and as the answer to a form about it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from uuid import UUID

from flask import abort, render_template
from flask.typing import ResponseReturnValue

from app.domain.review import Event
from app.store.pages.people import officers
from app.web.answers import chains, without_value
from app.web.review_forms import Typed
from app.web.sources import sources
from app.web.vault_side import vault_side


def flag_page(flag_id: UUID, *, typed: Typed | None = None, status: int = 200) -> ResponseReturnValue:
    """One finding, its values side by side, the credential behind each, what officers did, and the forms for them.

    `typed` is a form that was not taken; the page then shows why and keeps what was typed. Ends the request with 404 for
    an unknown id.
    """
    found = sources()
    page = found.pages.flag(flag_id) or abort(404)
    run = found.pages.run(page.run.run_id) or abort(404)
    people = found.pages.people()
    record = found.reviews.record(page.flag)
    return render_template(
        "flags/show.html",
        page=page,
        run=run,
        chains=chains(page),
        without_value=list(without_value(page, run)),
        vault=vault_side(run, found.audit_log),
        now=datetime.now(UTC),
        record=record,
        needs_second=found.reviews.needs_second(page.flag.rule),
        people={subject: each.name for subject, each in people.items()},
        officers=officers(people),
        before=found.reviews.decided_before(page.flag),
        typed=typed,
        missed=_missed(record.history, typed) if status == HTTPStatus.CONFLICT else (),
    ), status


def _missed(history: Sequence[Event], typed: Typed | None) -> Sequence[Event]:
    """What happened after the form was made."""
    return history[typed.version :] if typed and typed.version is not None else ()
