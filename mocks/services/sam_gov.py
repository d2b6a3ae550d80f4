"""SAM.gov Entity Management API v4: registrations and their expiration dates."""

from collections.abc import Sequence
from itertools import chain

from flask import Flask, Response, request

from known_answers.scenarios.formats import JsonObject
from known_answers.scenarios.loader import load_cases
from known_answers.scenarios.lookup import faults_by_key, rows_by
from mocks import refusals
from mocks.authentication import SignedTokens, Verifier
from mocks.configuration import Configuration
from mocks.faults import Faults
from mocks.frame import Frame, answer
from mocks.key_set import KeySet
from mocks.query import Query
from mocks.refusals import RefusalError
from mocks.vault_connection import VaultConnection

_PATH = "/entity-information/v4/entities"
_PARAMETERS = frozenset(
    {
        *("ueiSAM", "samRegistered", "registrationStatus", "includeSections", "proceedingsData"),
        *("page", "size"),
    }
)
#: The sections of an answer unless the request names others. `integrityInformation` must be named.
_USUAL = ("entityRegistration", "coreData", "assertions")
_INTEGRITY = "integrityInformation"
#: The filter and the statuses it finds: a lapsed registration has one of two names.
_STATUS = {"A": ("Active",), "E": ("Inactive", "Expired")}


def create_app(configuration: Configuration | None = None, verifier: Verifier | None = None) -> Flask:
    """The service, by default with the configuration in the environment. It connects at the first request.

    A `verifier` replaces its own check of credentials.
    """
    configuration = configuration or Configuration.from_environment()
    cases = load_cases(configuration.scenarios / "cases")
    rows = rows_by(cases, "sam-gov", _uei)
    faults = Faults(faults_by_key(cases, "sam-gov"), hang=configuration.hang)
    verifier = verifier or SignedTokens(
        issuer=f"{configuration.vault_addr}/v1/identity/oidc",
        audience="sam-gov",
        scope="entity:read",
        keys=KeySet(VaultConnection(configuration.vault_addr, configuration.trust)),
    )
    frame = Frame(name="sam-gov", verifier=verifier, error_body=refusals.sam, parameters=_PARAMETERS)
    app = frame.build(configuration)

    @app.get(_PATH)
    def entities() -> Response:
        query = Query(request.args, _PARAMETERS)
        ueis = query.any_of("ueiSAM")
        page, size = query.page()
        sections = _sections(query)
        proceedings = query.choice("proceedingsData", ("", "Yes", "No"), default="")
        if proceedings and _INTEGRITY not in sections:
            raise RefusalError(400, "proceedingsData goes with integrityInformation only")
        registered = query.choice("samRegistered", ("Yes", "No"), default="Yes")
        status = query.choice("registrationStatus", ("", *_STATUS), default="")
        if faulty := faults.answer(ueis or ()):
            return faulty
        candidates = chain.from_iterable(rows.get(uei, []) for uei in (rows if ueis is None else ueis))
        found = [row for row in candidates if _matches(row, registered, _STATUS.get(status))]
        shown = found[page * size : (page + 1) * size]
        return answer(
            {
                "totalRecords": len(found),
                "entityData": [_served(row, sections, proceedings=proceedings == "Yes") for row in shown],
                "links": {
                    "selfLink": f"{request.base_url}?api_key=REPLACE_WITH_API_KEY&page={page}&size={size}"
                },
            }
        )

    return app


def _uei(row: JsonObject) -> str:
    """The UEI of a row, whether or not the row shows it."""
    return str(row.get("optedOutUei") or row["entityRegistration"]["ueiSAM"])


def _matches(row: JsonObject, registered: str, statuses: Sequence[str] | None) -> bool:
    """Whether a filter finds a row. One that opted out of display has a sentence in place of what filters compare."""
    registration = row["entityRegistration"]
    if isinstance(registration, str) or registration["samRegistered"] not in ("Yes", "No"):
        return registered == "Yes" and statuses is None
    found = registration["samRegistered"] == registered
    return found and (statuses is None or registration.get("registrationStatus") in statuses)


def _served(row: JsonObject, sections: Sequence[str], *, proceedings: bool) -> JsonObject:
    """The requested sections; proceedings are left out unless they were requested."""
    served = {name: row[name] for name in sections if row.get(name) is not None}
    if _INTEGRITY in served and not proceedings:
        served[_INTEGRITY] = {k: v for k, v in served[_INTEGRITY].items() if k != "proceedingsData"}
    return served


def _sections(query: Query) -> Sequence[str]:
    wanted = (query.text("includeSections") or ",".join(_USUAL)).split(",")
    if wanted == ["All"]:
        return _USUAL
    if any(name not in (*_USUAL, _INTEGRITY) for name in wanted):
        raise RefusalError(400, "includeSections names an unknown section")
    return wanted
