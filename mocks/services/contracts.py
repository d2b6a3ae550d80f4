"""SAM.gov Contract Awards API v1: contract action reports. Numbers are strings; without rows it answers 204."""

from flask import Flask, Response, request

from known_answers.scenarios.formats import plain_number
from known_answers.scenarios.loader import load_cases
from known_answers.scenarios.lookup import faults_by_key, rows_by
from mocks import refusals
from mocks.authentication import ApiKeys, Verifier
from mocks.configuration import Configuration
from mocks.faults import Faults
from mocks.frame import Frame, answer
from mocks.query import Query
from mocks.refusals import RefusalError
from mocks.vault_connection import VaultConnection

_PATH = "/contract-awards/v1/search"
_PARAMETERS = frozenset(
    {"piid", "modificationNumber", "referencedIdvPiid", "deletedStatus", "limit", "offset"}
)
#: Marks a deleted report in scenario files; the service does not return this field.
_MARK = "deleted"
_REACH = 400_000


def create_app(configuration: Configuration | None = None, verifier: Verifier | None = None) -> Flask:
    """The service, by default with the configuration in the environment. It connects at the first request.

    A `verifier` replaces its own check of credentials.
    """
    configuration = configuration or Configuration.from_environment()
    cases = load_cases(configuration.scenarios / "cases")
    rows = rows_by(cases, "contracts", lambda row: plain_number(row["contractId"]["piid"]))
    faults = Faults(faults_by_key(cases, "contracts"), hang=configuration.hang)
    frame = Frame(
        name="contracts",
        verifier=verifier
        or ApiKeys(role="contracts", vault=VaultConnection(configuration.vault_addr, configuration.trust)),
        error_body=refusals.contract_awards,
        parameters=_PARAMETERS,
    )
    app = frame.build(configuration)

    @app.get(_PATH)
    def search() -> Response:
        query = Query(request.args, _PARAMETERS)
        piid = plain_number(query.required("piid"))
        modification = query.text("modificationNumber")
        vehicle = query.text("referencedIdvPiid")
        deleted = query.choice("deletedStatus", ("yes", "no"), default="no") == "yes"
        limit = query.number("limit", default=10, least=1, most=100)
        # Counts pages, not rows.
        offset = query.number("offset", default=0, most=_REACH)
        if offset * limit > _REACH:
            raise RefusalError(400, f"limit and offset reach beyond {_REACH} rows")
        if faulty := faults.answer((piid,)):
            return faulty
        found = [
            {key: value for key, value in row.items() if key != _MARK}
            for row in rows.get(piid, [])
            if row.get(_MARK, False) is deleted
            and modification in (None, row["contractId"]["modificationNumber"])
            and (
                vehicle is None
                or plain_number(row["contractId"].get("referencedIDVPiid", "")) == plain_number(vehicle)
            )
        ]
        shown = found[offset * limit : (offset + 1) * limit]
        if not shown:
            return Response(status=204)
        return answer(
            {
                "awardSummary": shown,
                "totalRecords": str(len(found)),
                "limit": str(limit),
                "offset": str(offset),
            }
        )

    return app
