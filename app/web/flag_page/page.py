"""Renders the page of one flag, for reading and as the response to a form."""

from collections.abc import Sequence
from http import HTTPStatus
from uuid import UUID

from flask import abort, render_template
from flask.typing import ResponseReturnValue

from app.procurement.federal_time import eastern_day
from app.procurement.rule import FindingKind
from app.review.checks import Check, CheckOutcome, outcomes
from app.review.flag_history import Event
from app.review.flag_lineage import comments
from app.review.queries import FlagPage, RunLineage
from app.review.queries.people import officers
from app.review.review_events import state_of_flag
from app.review.roles import Permission
from app.web.display import clock_time
from app.web.flag_page.compared_values import compared, rule_of
from app.web.flag_page.explanation import in_short
from app.web.flag_page.lineage_nodes import Nodes
from app.web.flag_page.other_checks import other_checks
from app.web.flag_page.review_forms import Typed
from app.web.flag_page.value_chains import ValueChains, without_value
from app.web.flag_page.way_through import queue_of_request, way_through
from app.web.pictures.chain_picture import picture
from app.web.services import services
from app.web.sign_in import may, person
from app.web.vault_side import vault_side


def flag_page(
    flag_id: UUID, *, typed: Typed | None = None, status: int = HTTPStatus.OK
) -> ResponseReturnValue:
    """The page of a flag.

    `typed` is a rejected form: the page shows its errors and keeps its text. Ends the request with 404 for an unknown id.
    """
    found = services()
    query = queue_of_request()
    view, way, draft = found.queries.flag_on_its_way(
        flag_id,
        query.flag_filter,
        sort=query.sort,
        drafts_of=person().subject if typed is None and may(Permission.DECIDE) else None,
        kept=found.drafts.kept,
    ) or abort(404)
    page, run, flag, history = view.page, view.run, view.page.flag, view.record.history
    silent = list(without_value(page, run))
    missing = bool(silent) and not any(line.evidence for line in page.values)
    rule = rule_of(flag.rule)
    now = found.clock.now()
    vault = vault_side(run, found.audit_log, found.database, afterwards=False)
    credentials = [each for each in run.credentials if each.attempt == flag.attempt]
    nodes = Nodes(page=page, vault=vault, endings=run.endings(now), credentials=credentials)
    lineage = ValueChains.of(page, run, nodes)
    return render_template(
        "flags/show.html",
        page=page,
        run=run,
        rule=rule if rule and rule.version == flag.rule_version else None,
        explained=in_short(flag.because),
        compared=compared(page, missing=missing),
        FindingKind=FindingKind,
        without_value=silent,
        lineage=lineage,
        picture=picture(lineage),
        vault=vault,
        now=now,
        today=eastern_day(now),
        age=found.ageing.age(flag, now),
        referrals=found.reviews.referrals,
        checks=other_checks(_checks(page, run), run.findings, flag.flag_id),
        Outcome=CheckOutcome,
        related=view.related,
        record=view.record,
        state=state_of_flag(flag, history, view.record.earlier),
        changes=view.changes,
        comments=list(comments(view.record.earlier)),
        needs_second=found.reviews.needs_second(flag),
        people={subject: each.name for subject, each in view.people.items()},
        officers=officers(view.people),
        before=view.before,
        way=way_through(query, way),
        typed=Typed(form="draft", version=draft.version, values=draft.fields) if draft else typed,
        draft=draft,
        draft_time=clock_time(draft.saved_at, now=now) if draft else None,
        since_draft=history[draft.version :] if draft and draft.flag_id == flag_id else (),
        missed=_missed(history, typed) if status == HTTPStatus.CONFLICT else (),
    ), status


def _missed(history: Sequence[Event], typed: Typed | None) -> Sequence[Event]:
    """The events since the form was loaded."""
    return history[typed.version :] if typed and typed.version is not None else ()


def _checks(page: FlagPage, run: RunLineage) -> list[Check]:
    """The result of each check in the flag's attempt; empty if its plan was not recorded."""
    plan = next((plan for plan in run.plans if plan.attempt == page.flag.attempt), None)
    return [] if plan is None else outcomes(plan, run.findings, page.action)
