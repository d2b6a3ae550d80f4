"""A defence that is taken away makes its rehearsal fail: none passes by itself."""

from contextlib import closing

import pytest

from app.contract_file.verify import CheckedBundle
from rehearsals import changed_records
from rehearsals.catalog import BY_NAME
from rehearsals.disposable_copy import DisposableCopy
from rehearsals.installation import Installation
from rehearsals.runner import carry_out
from tests.integration.rehearsed.conftest import ALL_JUDGED, ALL_TRIED, asleep, changed

SIXTH = '\npath "auth/token/create/payments" {\n  capabilities = ["update"]\n}\n'


def found(document):
    return {each["name"]: (each["verdict"], each["observed"]) for each in document["attacks"]}


def test_a_policy_that_allows_a_sixth_tool_and_any_life(attacked, rehearse):
    def allow(policy):
        anything = policy["policy"].replace('allowed_parameters = { "meta" = [] }', "")
        return {"policy": anything + SIXTH}

    with changed(attacked, "sys/policies/acl/triage-run", allow):
        status, document = rehearse(attacked, "sixth-tool", "day-long-key")
    assert status == 1
    verdicts = found(document)
    assert {verdict for verdict, _ in verdicts.values()} == {"fail"}
    assert verdicts["sixth-tool"][1].startswith("no policy forbids auth/token/create/payments")
    assert verdicts["day-long-key"][1].startswith("no policy forbids auth/token/create/contracts with")


def test_a_key_that_outlives_its_run_and_a_sweeper_that_ends_nothing(attacked, rehearse):
    with (
        changed(attacked, "auth/token/roles/contracts", lambda role: {**role, "orphan": True}),
        asleep(attacked, "sweeper") as wake,
    ):
        status, document = rehearse(attacked, "key-after-run", "stolen-message", on={ALL_TRIED: wake})
    assert status == 1
    verdicts = found(document)
    assert verdicts["key-after-run"] == ("fail", "contracts accepted the key after the run: HTTP 200")
    assert verdicts["stolen-message"] == ("fail", "what was stolen still lives after 10 s")


def test_an_alarm_that_is_not_raised(attacked, rehearse):
    with asleep(attacked, "reconciler") as wake:
        status, document = rehearse(attacked, "token-at-another-tool", on={ALL_JUDGED: wake})
    assert status == 1
    verdict, observed = found(document)["token-at-another-tool"]
    assert verdict == "fail"
    assert observed.endswith("but no alarm was raised (use from elsewhere)")


@pytest.fixture
def here(attacked, monkeypatch):
    """Carries out an attack in this process: `here("contract-file")`."""
    monkeypatch.setenv("TRIAGE_HOME", str(attacked.stack.layout.home))

    def rehearsed(name):
        with closing(Installation.find()) as stack:
            (outcome,) = carry_out(stack, [BY_NAME[name]], lambda _: None)
        return outcome.verdict.value, outcome.problem

    return rehearsed


def test_a_check_that_finds_every_file_in_order(here, monkeypatch):
    monkeypatch.setattr(changed_records, "verify", lambda *_: CheckedBundle())
    assert here("contract-file") == ("fail", "a changed file with the old signature verifies")


def test_a_change_that_nobody_notices(here, monkeypatch):
    monkeypatch.setattr(changed_records, "_SOON", 2.0)
    monkeypatch.setattr(DisposableCopy, "execute", lambda *_: 1)
    verdict, problem = here("lineage-row")
    assert verdict == "fail"
    assert problem.startswith("nothing was said within 2 s")
