"""Bulk review of flags: the preview, then the result."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date
from http import HTTPStatus
from uuid import UUID

from flask import Blueprint, abort, render_template, request
from flask.typing import ResponseReturnValue

from app.procurement.federal_time import eastern_day
from app.procurement.free_text import tidied
from app.review.flag_history import NEED_REFERENCE, Decision
from app.review.queries.people import officers
from app.review.roles import Permission
from app.web.bulk_review import (
    ACTIONS,
    ASSIGN,
    MOST,
    BulkAction,
    PreviewLine,
    carry_out,
    fault_of,
    faults,
    preview,
)
from app.web.flag_page.review_forms import version_of
from app.web.list_queries import ignore
from app.web.queue_filter import QueueQuery, query_of_text
from app.web.recording.event_notes import note
from app.web.services import services
from app.web.sign_in import may, person

bp = Blueprint("bulk", __name__, url_prefix="/flags/selected")


@bp.get("")
def look() -> ResponseReturnValue:
    """Preview the effect on each flag given as `flag`; changes nothing."""
    bulk = _bulk_action(request.args, {})
    ids = list(_ids(request.args.getlist("flag")))
    lines = [preview(each, bulk, person(), services().reviews) for each in services().queries.flags_of(ids)]
    return _page(bulk, lines, {})


@bp.post("")
def do() -> ResponseReturnValue:
    """Apply the previewed change to each chosen flag independently, at the version shown."""
    known = officers(services().queries.people())
    bulk = _bulk_action(request.form, known)
    lines = list(_typed(bulk))
    errors = dict(faults(bulk, officers=known, referrals=services().reviews.referrals, today=_today()))
    for line in lines:
        if problem := fault_of(line):
            errors[f"reason-{line.line.flag.flag_id}"] = problem
    chosen = [line for line in lines if line.chosen and line.possible]
    if not chosen:
        errors[""] = "Choose at least one flag."
    if errors:
        return _page(bulk, lines, errors), HTTPStatus.UNPROCESSABLE_ENTITY
    results = carry_out(chosen, bulk, person(), services().reviews)
    note(
        does=bulk.decision.value if bulk.decision else ASSIGN,
        office=bulk.office or None,
        flags={str(each.flag_id): each.outcome for each in results},
    )
    return render_template("flags/outcome.html", bulk=bulk, results=results, back=_back())


def _page(bulk: BulkAction, lines: list[PreviewLine], errors: Mapping[str, str]) -> str:
    return render_template(
        "flags/preview.html",
        bulk=bulk,
        action=bulk.decision.value if bulk.decision else ASSIGN,
        lines=lines,
        errors=errors,
        officers=officers(services().queries.people()),
        needs_reference=bulk.decision in NEED_REFERENCE,
        referrals=services().reviews.referrals,
        today=_today(),
        back=_back(),
    )


def _bulk_action(sent: Mapping[str, str], known: Mapping[str, str]) -> BulkAction:
    action = sent.get("do", "")
    if action not in ACTIONS:
        abort(400)
    if action == ASSIGN and not may(Permission.ASSIGN):
        abort(403)
    to = sent.get("assignee", "")
    referring = action == Decision.REFERRED
    return BulkAction(
        decision=None if action == ASSIGN else Decision(action),
        rationale=tidied(sent.get("rationale", "")),
        reference=tidied(sent.get("reference", "")),
        office=tidied(sent.get("office", "")) if referring else "",
        due_on=tidied(sent.get("due_on", "")) if referring else "",
        assignee=to or None,
        assignee_name=known.get(to, to),
    )


def _typed(bulk: BulkAction) -> Iterator[PreviewLine]:
    """The flags of the form in their current state, with the typed reasons and the versions the officer saw."""
    versions = {
        flag_id: _version(request.form.get(f"version-{flag_id}", ""))
        for flag_id in _ids(request.form.getlist("shown"))
    }
    chosen = set(_ids(request.form.getlist("flag")))
    for each in services().queries.flags_of(list(versions)):
        flag_id = each.flag.flag_id
        now = preview(each, bulk, person(), services().reviews)
        # A stale version counts as possible: storing it reports who was first.
        stale = versions[flag_id] != each.flag.version
        yield replace(
            now,
            version=versions[flag_id],
            possible=now.possible or stale,
            chosen=flag_id in chosen,
            reason=tidied(request.form.get(f"reason-{flag_id}", "")),
        )


def _today() -> date:
    return eastern_day(services().clock.now())


def _version(text: str) -> int:
    """The version in a form, or -1, which no flag has."""
    return -1 if (version := version_of(text)) is None else version


def _ids(texts: list[str]) -> Iterator[UUID]:
    seen = set[UUID]()
    for text in texts:
        try:
            flag_id = UUID(text)
        except ValueError:
            ignore("flag", text)
            continue
        if flag_id in seen:
            continue
        if len(seen) == MOST:
            ignore(f"more than {MOST} flags", text)
            continue
        seen.add(flag_id)
        yield flag_id


def _back() -> QueueQuery:
    return query_of_text(
        request.values.get("back", ""),
        me=person().subject,
        now=services().clock.now(),
        ageing=services().ageing,
    )
