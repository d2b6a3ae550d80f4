"""The records of the tools: one for each source, and the policies that people read say the same."""

import json
import re
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from app.credentials.grants import ApiKey, DatabaseUser, SignedToken
from app.credentials.switch_orders import Turn, policy_of, policy_text
from app.procurement.action import ActionType, ProcurementAction, Vendor, VendorRole
from app.procurement.planning import plan
from app.procurement.systems import SYSTEMS, Source, system_of
from infra.vault.run_role import ENTITY
from infra.vault.wanted import POLICIES, operator_entries, root_entries
from workers.runtime.tool import DatabaseTool, HttpTool
from workers.tools import registry

_RULE = re.compile(r'^path "([^"]+)" \{\n  capabilities += \[([^]]*)\]\n', re.MULTILINE)
_ISSUE = {SignedToken: ["read"], ApiKey: ["update"], DatabaseUser: ["read"]}
_WRITE = ["create", "read", "update"]


def granted(policy: Path) -> dict[str, list[str]]:
    """Path to capabilities, as the policy has them."""
    text = policy.read_text(encoding="utf-8")
    found = {path: re.findall(r'"(\w+)"', capabilities) for path, capabilities in _RULE.findall(text)}
    assert len(found) == len(re.findall(r"^\s*path\b", text, re.MULTILINE)), (
        f"{policy.name}: not read in full"
    )
    return found


def differences(policy: Path, wanted: dict[str, list[str]]) -> list[str]:
    """A line for each path that is missing, too many, or has other capabilities."""
    has = granted(policy)
    return [
        *(f"{policy}: {path} is missing" for path in wanted.keys() - has.keys()),
        *(f"{policy}: no record wants {path}" for path in has.keys() - wanted.keys()),
        *(
            f"{policy}: {path} grants {has[path]}, not {wanted[path]}"
            for path in wanted.keys() & has.keys()
            if has[path] != wanted[path]
        ),
    ]


def of_the_run() -> dict[str, list[str]]:
    issued = {system.credential.path: _ISSUE[type(system.credential)] for system in SYSTEMS}
    return {**issued, "auth/token/revoke-self": ["update"]}


def of_the_operator() -> dict[str, list[str]]:
    written = operator_entries(tools=SYSTEMS, process_ttl=86_400)
    read = root_entries(tools=SYSTEMS, issuer="https://vault.example", custody_ttl=86_400)
    return {
        **{entry.path: _WRITE for entry in written},
        **{entry.path: ["read"] for entry in read},
        "database/config/ledger": ["read"],
        "database/rotate-root/ledger": ["update"],
    }


def test_a_run_may_issue_what_the_records_say_and_nothing_else():
    assert differences(POLICIES / "triage-run.hcl", of_the_run()) == []


def test_the_operator_may_write_what_the_records_say_and_nothing_else():
    assert differences(POLICIES / "triage-operator.hcl", of_the_operator()) == []


def test_the_switch_turns_the_tools_of_the_records_and_nothing_else():
    policy = POLICIES / "triage-switch.hcl"
    turned = {f"sys/policies/acl/{policy_of(system.name)}": ["update"] for system in SYSTEMS}
    ends = (
        "auth/token/lookup-accessor",
        "auth/token/revoke-accessor",
        "sys/leases/lookup",
        "sys/leases/revoke",
    )
    agent = f"identity/entity/name/{ENTITY}"
    assert differences(policy, turned | {path: ["update"] for path in (agent, *ends)}) == []
    forms = re.findall(r'"policy" = (\[.*\]) \}$', policy.read_text(encoding="utf-8"), re.MULTILINE)
    wanted = [[policy_text(system.credential, turn) for turn in (Turn.ON, Turn.OFF)] for system in SYSTEMS]
    assert sorted(json.loads(form) for form in forms) == sorted(wanted)


def test_each_api_key_has_a_policy_that_lets_it_look_itself_up():
    keys = {
        f"tool-{system.credential.role}.hcl" for system in SYSTEMS if isinstance(system.credential, ApiKey)
    }
    assert {file.name for file in POLICIES.glob("tool-*.hcl")} == keys
    for name in keys:
        assert differences(POLICIES / name, {"auth/token/lookup-self": ["read"]}) == []


@pytest.mark.parametrize("change", ["missing", "too many", "other capabilities"])
def test_a_policy_that_differs_is_named_with_its_path(tmp_path, change):
    wanted = of_the_run()
    policy = tmp_path / "triage-run.hcl"
    text = (POLICIES / policy.name).read_text(encoding="utf-8")
    path = "identity/oidc/token/debarment"
    if change == "missing":
        wanted["identity/oidc/token/invented"] = ["read"]
        path = "identity/oidc/token/invented"
    elif change == "too many":
        del wanted[path]
    else:
        head, _, tail = text.partition(path)
        text = head + path + tail.replace('"read"', '"read", "list"', 1)
    policy.write_text(text, encoding="utf-8")
    (line,) = differences(policy, wanted)
    assert str(policy) in line
    assert path in line


def test_each_source_has_one_record_and_each_record_one_tool():
    assert [system.name for system in SYSTEMS] == [source.value for source in Source]
    assert registry().keys() == {system.name for system in SYSTEMS}
    assert {tool.record for tool in registry().values()} == set(SYSTEMS)


@pytest.mark.parametrize("amount", [Decimal(1), Decimal(0)])
def test_each_question_and_purpose_can_be_put_into_words(amount):
    vendor = Vendor(uei="ZZ9TESTVNDR1", name="EXAMPLE MARINE LLC", role=VendorRole.PRIME)
    action = ProcurementAction(
        action_id="ACT-1",
        action_type=ActionType.NEW_AWARD,
        piid="70ZZ0126C0001",
        modification=None,
        amount=amount,
        effective_date=date(2026, 9, 14),
        description="Repair of two patrol boats",
        vendors=(vendor,),
    )
    steps = plan(action)
    assert [step.tool for step in steps] == [system.name for system in SYSTEMS]
    assert not any(mark in f"{step.question}{step.reason}" for step in steps for mark in "{}")


def test_a_record_without_a_tool_is_named_when_a_worker_starts(monkeypatch):
    record = replace(system_of(Source.LEDGER), name="unwritten")
    monkeypatch.setattr("workers.tools.SYSTEMS", (*SYSTEMS, record))
    with pytest.raises(ValueError, match="defines unwritten"):
        registry()


def test_a_tool_takes_the_kind_of_credential_that_its_way_of_asking_has():
    with pytest.raises(TypeError, match="ledger: a tool reached over HTTP"):
        HttpTool(record=system_of(Source.LEDGER), look_up=lambda *_: iter(()))
    with pytest.raises(TypeError, match="sam-gov: a tool that is a database"):
        DatabaseTool(record=system_of(Source.SAM_GOV), look_up=lambda *_: iter(()))
