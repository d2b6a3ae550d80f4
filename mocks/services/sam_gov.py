"""SAM.gov Entity Management API v4: who is registered, and until when."""

from itertools import chain

from flask import Flask, Response, request

from mocks import error_bodies
from mocks.authentication import SignedTokens
from mocks.configuration import Configuration
from mocks.faults import Faults
from mocks.key_set import KeySet
from mocks.query import Query
from mocks.refusal import RefusalError
from mocks.scenarios.answers import faults_by_key, rows_by
from mocks.scenarios.loader import load_cases
from mocks.service import Frame, answer
from mocks.vault_connection import VaultConnection

_PATH = "/entity-information/v4/entities"
_PARAMETERS = frozenset({"ueiSAM", "samRegistered", "registrationStatus", "includeSections", "page", "size"})
_SECTIONS = ("entityRegistration", "coreData", "assertions")
_STATUS = {"A": "Active", "E": "Expired"}


def create_app(configuration: Configuration | None = None) -> Flask:
    """The service. Configured from the environment unless told otherwise; connects with the first request."""
    configuration = configuration or Configuration.from_environment()
    cases = load_cases(configuration.scenarios / "cases")
    rows = rows_by(cases, "sam-gov", lambda row: row["entityRegistration"]["ueiSAM"])
    faults = Faults(faults_by_key(cases, "sam-gov"), hang=configuration.hang)
    verifier = SignedTokens(
        issuer=f"{configuration.vault_addr}/v1/identity/oidc",
        audience="sam-gov",
        scope="entity:read",
        keys=KeySet(VaultConnection(configuration.vault_addr)),
    )
    frame = Frame(name="sam-gov", verifier=verifier, error_body=error_bodies.sam, parameters=_PARAMETERS)
    app = frame.build(configuration)

    @app.get(_PATH)
    def entities() -> Response:
        query = Query(request.args, _PARAMETERS)
        ueis = query.any_of("ueiSAM")
        page, size = query.page()
        sections = _sections(query)
        registered = query.choice("samRegistered", ("Yes", "No"), default="Yes")
        status = query.choice("registrationStatus", ("", *_STATUS), default="")
        if faulty := faults.answer(ueis or ()):
            return faulty
        asked = chain.from_iterable(rows.get(uei, []) for uei in (rows if ueis is None else ueis))
        found = [
            row
            for row in asked
            if row["entityRegistration"]["samRegistered"] == registered
            and (not status or row["entityRegistration"]["registrationStatus"] == _STATUS[status])
        ]
        shown = found[page * size : (page + 1) * size]
        return answer(
            {
                "totalRecords": len(found),
                "entityData": [{name: row[name] for name in sections if name in row} for row in shown],
                "links": {
                    "selfLink": f"{request.base_url}?api_key=REPLACE_WITH_API_KEY&page={page}&size={size}"
                },
            }
        )

    return app


def _sections(query: Query) -> list[str]:
    wanted = (query.text("includeSections") or "entityRegistration,coreData").split(",")
    if wanted == ["All"]:
        return list(_SECTIONS)
    if any(name not in _SECTIONS for name in wanted):
        raise RefusalError(400, "includeSections names an unknown section")
    return wanted
