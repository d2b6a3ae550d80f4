"""Read flags, and the lineage of each of their values."""

from dataclasses import replace
from http import HTTPStatus
from uuid import UUID

from flask import Response, abort, request
from werkzeug.datastructures import MultiDict

from app.credentials.ending import Endings
from app.intake.problems import Problem, shown
from app.review.ageing import Age
from app.review.flag_lineage import comments
from app.review.queries import ValueLineage
from app.store.tables import FlagRow
from app.web.api.operations import following, operation, reply
from app.web.api.problem_details import invalid_input
from app.web.api.shapes.flags import Changed, Comment, Earlier, Flag, FlagItem, FlagQuery, Flags
from app.web.api.shapes.history import HistoryEvent
from app.web.api.shapes.value_lineage import (
    Behind,
    Call,
    Credential,
    EvidenceItem,
    Identity,
    Lineage,
    Value,
    Vault,
    VaultRequest,
)
from app.web.queue_filter import queue_query
from app.web.services import services
from app.web.sign_in import person
from app.web.vault_side import vault_side


@operation("GET", "/flags", query=FlagQuery, answers={200: Flags})
def flags(query: FlagQuery) -> Response:
    """Flags of each action's latest completed run, with the filters of the queue page."""
    arguments = MultiDict(request.args)
    for name in ("limit", "action"):
        arguments.pop(name, None)
    filters = queue_query(
        arguments, me=person().subject, now=services().clock.now(), ageing=services().ageing
    )
    if filters.ignored:
        faults = [Problem(each.name, "is not valid", shown(each.value)) for each in filters.ignored]
        raise invalid_input(HTTPStatus.BAD_REQUEST, faults)
    found = services().queries.flags(
        replace(filters.flag_filter, action=query.action),
        sort=filters.sort,
        after=filters.after,
        limit=query.limit,
    )
    return reply(
        Flags(
            items=[FlagItem.of(line.flag, line.action, age=age_of(line.flag)) for line in found.lines],
            next=following(found.after),
        )
    )


@operation("GET", "/flags/{flag_id}", answers={200: Flag}, refusals=(404,))
def flag(flag_id: UUID) -> Response:
    """One flag: its values and their evidence, its history, and earlier decisions on the same fact."""
    view = services().queries.flag(flag_id) or abort(404)
    page, record = view.page, view.record
    endings = view.run.endings(services().clock.now())
    return reply(
        Flag.of(
            page.flag,
            page.action,
            age=age_of(page.flag),
            values=[_behind(line, endings) for line in page.values],
            needs_second=services().reviews.needs_second(page.flag),
            history=[HistoryEvent.model_validate(event) for event in record.history],
            broken_at=record.broken,
            broken_in=record.break_in.flag_id if record.break_in else None,
            history_holds=record.broken is None and record.state_holds,
            decided_before=[
                Earlier(
                    flag_id=same.flag_id,
                    action_id=same.action_id,
                    event=HistoryEvent.model_validate(event),
                )
                for same, event in view.before
            ],
            earlier_comments=[
                Comment(
                    flag_id=stretch.flag_id, run_id=stretch.run_id, event=HistoryEvent.model_validate(event)
                )
                for stretch, event in comments(record.earlier)
            ],
            changed=Changed.model_validate(view.changes) if view.changes else None,
            not_performed=[each.flag_id for each in page.not_performed],
        )
    )


@operation("GET", "/flags/{flag_id}/values/{position}/lineage", answers={200: Lineage}, refusals=(404,))
def lineage(flag_id: UUID, position: int) -> Response:
    """The lineage of one value: run, identity, policy, credential, call and answer, with the vault's log lines about the run."""
    view = services().queries.flag(flag_id) or abort(404)
    page, run = view.page, view.run
    line = next((each for each in page.values if each.value.position == position), None) or abort(404)
    vault = vault_side(run, services().audit_log, services().database, afterwards=False)
    return reply(
        Lineage(
            **dict(_behind(line, run.endings(services().clock.now()))),
            flag_id=flag_id,
            run_id=page.flag.run_id,
            vault=Vault(
                problem=vault.problem, requests=[VaultRequest.model_validate(each) for each in vault.requests]
            ),
        )
    )


def age_of(flag: FlagRow) -> Age | None:
    """The age of a flag now; None if it is decided."""
    return services().ageing.age(flag, services().clock.now())


def _behind(line: ValueLineage, endings: Endings) -> Behind:
    return Behind(
        value=Value.model_validate(line.value),
        evidence=EvidenceItem.model_validate(line.evidence) if line.evidence else None,
        call=Call.model_validate(line.call) if line.call else None,
        credential=Credential.of(line.credential, endings) if line.credential else None,
        identity=Identity.of(line.attempt, endings) if line.attempt else None,
    )
