"""SAM.gov Exclusions API v4. It has active records only: an ended one is removed."""

from collections.abc import Iterable, Iterator
from itertools import chain

from flask import Flask, Response, request

from known_answers.scenarios.formats import JsonObject
from known_answers.scenarios.loader import load_cases
from known_answers.scenarios.lookup import Rows, faults_by_key, rows_by, words, words_of
from mocks import refusals
from mocks.authentication import SignedTokens, Verifier
from mocks.configuration import Configuration
from mocks.faults import Faults
from mocks.frame import Frame, answer
from mocks.key_set import KeySet
from mocks.query import Query
from mocks.vault_connection import VaultConnection

_PATH = "/entity-information/v4/exclusions"
_PARAMETERS = frozenset(
    {
        "ueiSAM",
        "cageCode",
        "exclusionName",
        "classification",
        "fascsaOrder",
        "stateProvince",
        "country",
        "page",
        "size",
    }
)
_CLASSES = ("", "Individual", "Firm", "Vessel", "Special Entity Designation")


def create_app(configuration: Configuration | None = None, verifier: Verifier | None = None) -> Flask:
    """The service, by default with the configuration in the environment. It connects at the first request.

    A `verifier` replaces its own check of credentials.
    """
    configuration = configuration or Configuration.from_environment()
    cases = load_cases(configuration.scenarios / "cases")
    by_uei = rows_by(cases, "debarment", lambda row: row["exclusionIdentification"]["ueiSAM"])
    named = [(row, words_of(row)) for row in chain.from_iterable(by_uei.values())]
    faults = Faults(faults_by_key(cases, "debarment"), hang=configuration.hang)
    verifier = verifier or SignedTokens(
        issuer=f"{configuration.vault_addr}/v1/identity/oidc",
        audience="debarment",
        scope="exclusions:read",
        keys=KeySet(VaultConnection(configuration.vault_addr, configuration.trust)),
    )
    frame = Frame(name="debarment", verifier=verifier, error_body=refusals.sam, parameters=_PARAMETERS)
    app = frame.build(configuration)

    @app.get(_PATH)
    def exclusions() -> Response:
        query = Query(request.args, _PARAMETERS)
        ueis = query.any_of("ueiSAM")
        cages = query.any_of("cageCode")
        name = frozenset(words(query.text("exclusionName") or ""))
        classification = query.choice("classification", _CLASSES, default="")
        fascsa = query.choice("fascsaOrder", ("", "Yes", "No"), default="")
        states, countries = query.any_of("stateProvince"), query.any_of("country")
        page, size = query.page()
        if faulty := faults.answer(ueis or ()):
            return faulty
        found = [
            row
            for row, row_words in (named if ueis is None else _of(by_uei, ueis))
            if name <= row_words
            and (cages is None or row["exclusionIdentification"].get("cageCode") in cages)
            and (
                states is None or _upper(row["exclusionPrimaryAddress"].get("stateOrProvinceCode")) in states
            )
            and (countries is None or _upper(row["exclusionPrimaryAddress"].get("countryCode")) in countries)
            and classification in ("", row["exclusionDetails"]["classificationType"])
            and fascsa in ("", row["exclusionOtherInformation"]["isFASCSAOrder"])
            and any(action["recordStatus"] == "Active" for action in row["exclusionActions"]["listOfActions"])
        ]
        links = {"selfLink": _link(page, size)}
        if (page + 1) * size < len(found):
            links["nextLink"] = _link(page + 1, size)
        shown = found[page * size : (page + 1) * size]
        return answer({"totalRecords": len(found), "excludedEntity": shown, "links": links})

    return app


def _of(by_uei: Rows, ueis: Iterable[str]) -> Iterator[tuple[JsonObject, frozenset[str]]]:
    return ((row, words_of(row)) for uei in ueis for row in by_uei.get(uei, ()))


def _upper(code: str | None) -> str:
    return (code or "").upper()


def _link(page: int, size: int) -> str:
    return f"{request.base_url}?api_key=REPLACE_WITH_API_KEY&page={page}&size={size}"
