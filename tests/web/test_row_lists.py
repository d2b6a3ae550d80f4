"""Rows that come as a list in one row are those that a statement for their table reads."""

import pytest
from sqlalchemy import select
from sqlalchemy.orm import defer

from app.credentials.tables import AttemptRow, CallRow, CredentialRow, StepRow
from app.store.tables import FlagRow

pytestmark = pytest.mark.whole_system


@pytest.mark.parametrize(
    ("model", "name"),
    [
        (AttemptRow, "attempts"),
        (StepRow, "steps"),
        (CredentialRow, "credentials"),
        (CallRow, "calls"),
        (FlagRow, "findings"),
    ],
)
def test_rows_in_a_list_are_those_of_the_table(client, triaged, model, name):
    its = client.application.extensions["triage.services"]
    run_id = triaged["ACT-2026-0004"]
    query = select(model).where(model.run_id == run_id)
    with its.sessions.begin() as db:
        read = db.scalars(query.options(defer(FlagRow.search)) if model is FlagRow else query).all()
    listed = getattr(its.queries.run(run_id), name)
    expected = [each.model_dump() for each in read]
    found = [each.model_dump() for each in listed]
    assert len(found) == len(expected) > 0
    assert all(each in expected for each in found)
    kinds = [{key: type(value) for key, value in each.items()} for each in found]
    assert all({key: type(value) for key, value in each.items()} in kinds for each in expected)
