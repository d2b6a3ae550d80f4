"""Compare the three sides."""

from datetime import timedelta
from http import HTTPStatus

from flask import Response, abort

from app.intake.problems import Problem, shown
from app.procurement.systems import ISSUING_PATHS
from app.reconciliation.report import Overview, UnfitTimeError, overview_of_run, overview_of_time
from app.web.api.operations import operation, reply
from app.web.api.problem_details import NOT_NOW, ProblemError, invalid_input
from app.web.api.shapes.three_sides import ComparedSides, ReconciliationQuery
from app.web.services import services

#: The longest time that one request compares. `triage reconcile` has no limit.
LONGEST_TIME = timedelta(days=31)


@operation(
    "GET", "/reconciliation", query=ReconciliationQuery, answers={200: ComparedSides}, refusals=(404, 409)
)
def reconciliation(query: ReconciliationQuery) -> Response:
    """What the vault issued, what tools saw and what is recorded, for a time or one run; and what policies grant.

    409 for a run of which an attempt has not ended.
    """
    return reply(ComparedSides.of(_of_run(query) if query.run else _of_time(query)))


def _of_run(query: ReconciliationQuery) -> Overview:
    if query.run is None or query.since or query.until:
        raise _refused("run", query.run, "cannot be given with since or until")
    if not services().queries.has_run(query.run):
        abort(404)
    overview = overview_of_run(services().database, ISSUING_PATHS, query.run)
    if overview is None:
        raise ProblemError(
            HTTPStatus.CONFLICT,
            "An attempt of the run has not ended, or none has begun. Nothing has been compared.",
            kind=NOT_NOW,
            title="The state of the run does not allow this",
        )
    return overview


def _of_time(query: ReconciliationQuery) -> Overview:
    database = services().database
    try:
        return overview_of_time(database, ISSUING_PATHS, query.since, query.until, longest=LONGEST_TIME)
    except UnfitTimeError as error:
        raise _refused("since", query.since.isoformat() if query.since else None, str(error)) from None


def _refused(field: str, value: object, why: str) -> ProblemError:
    return invalid_input(HTTPStatus.BAD_REQUEST, [Problem(field, why, shown(str(value)))])
