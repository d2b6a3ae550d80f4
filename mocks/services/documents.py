"""The contract file: metadata of the documents filed for an action, never their text."""

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
from mocks.vault_connection import VaultConnection

_PATH = "/documents/v1/documents"
_PARAMETERS = frozenset({"piid", "modificationNumber"})


def create_app(configuration: Configuration | None = None, verifier: Verifier | None = None) -> Flask:
    """The service, by default with the configuration in the environment. It connects at the first request.

    A `verifier` replaces its own check of credentials.
    """
    configuration = configuration or Configuration.from_environment()
    cases = load_cases(configuration.scenarios / "cases")
    rows = rows_by(cases, "documents", lambda row: plain_number(row["piid"]))
    faults = Faults(faults_by_key(cases, "documents"), hang=configuration.hang)
    frame = Frame(
        name="documents",
        verifier=verifier
        or ApiKeys(
            role="documents",
            vault=VaultConnection(configuration.vault_addr, configuration.trust),
            missing=401,
            invalid=401,
        ),
        error_body=refusals.contract_file,
        parameters=_PARAMETERS,
    )
    app = frame.build(configuration)

    @app.get(_PATH)
    def documents() -> Response:
        query = Query(request.args, _PARAMETERS)
        piid = plain_number(query.required("piid"))
        modification = query.text("modificationNumber")
        if faulty := faults.answer((piid,)):
            return faulty
        found = [
            row
            for row in rows.get(piid, [])
            if modification is None or row["modificationNumber"] == modification
        ]
        return answer({"totalRecords": len(found), "documents": found})

    return app
