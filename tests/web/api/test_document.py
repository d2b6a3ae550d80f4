"""The OpenAPI document describes every route and no other, and its examples are valid requests."""

import re

import pytest
from pydantic import ValidationError

from app.web.access import ACCESS
from app.web.api.examples import EXAMPLES
from app.web.api.openapi import document
from app.web.api.operations import OPERATIONS
from app.web.api_root import ROOT

VERBS = {"get", "post", "put", "patch", "delete"}


def refs(told):
    if isinstance(told, dict):
        yield from ([told["$ref"]] if isinstance(told.get("$ref"), str) else [])
        for each in told.values():
            yield from refs(each)
    elif isinstance(told, list):
        for each in told:
            yield from refs(each)


def test_the_document_is_public(program_of):
    answer = program_of(None).open("GET", "/openapi.json")
    assert (answer.status_code, answer.content_type) == (200, "application/json")
    assert answer.json == document()
    assert answer.json["openapi"] == "3.1.0"


def test_it_describes_every_route_and_no_other(client):
    rules = [rule for rule in client.application.url_map.iter_rules() if rule.rule.startswith("/api/")]
    routes = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in rules
        for method in rule.methods
        if method.lower() in VERBS and rule.endpoint != "api.openapi"
    }
    told = {(path, method) for path, its in document()["paths"].items() for method in its}
    assert told == routes
    assert {f"api.{each.name}" for each in OPERATIONS} | {"api.openapi"} == {
        name for name in ACCESS if name.startswith("api.")
    }
    assert all(each.path.startswith("/") for each in OPERATIONS)
    assert ROOT == "/api/v1"


def test_every_reference_resolves():
    told = document()
    for ref in set(refs(told)):
        part = told
        for name in ref.removeprefix("#/").split("/"):
            part = part[name]


def test_operation_names_are_unique():
    ids = [its["operationId"] for path in document()["paths"].values() for its in path.values()]
    assert len(set(ids)) == len(ids)


def test_every_operation_states_its_permission_and_statuses():
    for path in document()["paths"].values():
        for its in path.values():
            statuses = set(its["responses"])
            assert {"400", "401", "429", "500", "503"} <= statuses
            assert "Needs" in its["description"]
            assert ("403" in statuses) == ("permission" in its["description"])
            assert ("requestBody" in its) == ({"413", "415", "422"} <= statuses)


@pytest.mark.parametrize(
    ("model", "example"),
    [(model, each["value"]) for model, named in EXAMPLES.items() for each in named.values()],
)
def test_examples_are_valid(model, example):
    model.model_validate(example)


def test_every_body_has_an_example():
    assert set(EXAMPLES) == {each.body for each in OPERATIONS if each.body is not None}


def test_money_is_a_string():
    body = next(iter(EXAMPLES))
    with pytest.raises(ValidationError):
        body.model_validate({**EXAMPLES[body]["one"]["value"], "amount": 12})
    schemas = document()["components"]["schemas"]
    for name in ("SubmittedAction", "ProcurementAction", "FlagItem", "ActionItem"):
        assert schemas[name]["properties"]["amount"]["type"] == "string", name
