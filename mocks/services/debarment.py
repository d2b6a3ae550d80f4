"""SAM.gov Exclusions API v4: who is excluded. Active records only; an ended one is not there any more."""

from itertools import chain

from flask import Flask, Response, request

from mocks import error_bodies
from mocks.authentication import SignedTokens
from mocks.configuration import Configuration
from mocks.faults import Faults
from mocks.key_set import KeySet
from mocks.query import Query
from mocks.scenarios.answers import faults_by_key, rows_by
from mocks.scenarios.loader import load_cases
from mocks.service import Frame, answer
from mocks.vault_connection import VaultConnection

_PATH = "/entity-information/v4/exclusions"
_PARAMETERS = frozenset({"ueiSAM", "page", "size"})


def create_app(configuration: Configuration | None = None) -> Flask:
    """The service. Configured from the environment unless told otherwise; connects with the first request."""
    configuration = configuration or Configuration.from_environment()
    cases = load_cases(configuration.scenarios / "cases")
    rows = rows_by(cases, "debarment", lambda row: row["exclusionIdentification"]["ueiSAM"])
    faults = Faults(faults_by_key(cases, "debarment"), hang=configuration.hang)
    verifier = SignedTokens(
        issuer=f"{configuration.vault_addr}/v1/identity/oidc",
        audience="debarment",
        scope="exclusions:read",
        keys=KeySet(VaultConnection(configuration.vault_addr)),
    )
    frame = Frame(name="debarment", verifier=verifier, error_body=error_bodies.sam, parameters=_PARAMETERS)
    app = frame.build(configuration)

    @app.get(_PATH)
    def exclusions() -> Response:
        query = Query(request.args, _PARAMETERS)
        ueis = query.any_of("ueiSAM")
        page, size = query.page()
        if faulty := faults.answer(ueis or ()):
            return faulty
        asked = chain.from_iterable(rows.get(uei, []) for uei in (rows if ueis is None else ueis))
        found = [
            row
            for row in asked
            if any(each["recordStatus"] == "Active" for each in row["exclusionActions"]["listOfActions"])
        ]
        links = {"selfLink": _link(page, size)}
        if (page + 1) * size < len(found):
            links["nextLink"] = _link(page + 1, size)
        shown = found[page * size : (page + 1) * size]
        return answer({"totalRecords": len(found), "excludedEntity": shown, "links": links})

    return app


def _link(page: int, size: int) -> str:
    return f"{request.base_url}?api_key=REPLACE_WITH_API_KEY&page={page}&size={size}"
