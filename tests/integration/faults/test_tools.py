"""A tool that misbehaves: its check is not performed, the others stand, and all its calls are recorded."""

import pytest

FAULTS = ("500", "401", "429", "garbage", "empty", "oversize", "redirect", "hang")
SERVICES = ("sam-gov", "debarment", "contracts", "documents")
TOO_LATE = "no answer within 2 s"
#: Per fault: why the check was not made, and the status of each try. 0 means that no answer came.
EXPECTED = {
    "500": ("answered HTTP 500", [500, 500]),
    "401": ("refused the credential (HTTP 401)", [401]),
    "429": ("over its daily quota or rate limit (HTTP 429)", [429]),
    "garbage": ("unreadable answer: not JSON", [200]),
    "empty": ("unreadable answer: not JSON", [200]),
    "oversize": ("answer larger than 4000000 bytes", [200]),
    "redirect": ("answered with a redirect (HTTP 302), which is not followed", [302]),
    "hang": (TOO_LATE, [0, 0]),
}


@pytest.fixture(scope="module")
def triaged(fragile_system):
    """The runs of all services and faults, carried out side by side."""
    keys = [(service, fault) for service in SERVICES for fault in FAULTS]
    actions = [fragile_system.faulty[key][0] for key in keys]
    run_ids = fragile_system.system.run(*actions, seconds=120)
    return dict(zip(keys, run_ids, strict=True))


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("service", SERVICES)
def test_the_check_is_not_performed_and_the_others_stand(fragile_system, triaged, service, fault):
    run_id = triaged[service, fault]
    reason, statuses = EXPECTED[fault]
    assert fragile_system.run(run_id)["state"] == "completed"
    found = {row["rule"]: row for row in fragile_system.findings(run_id)}
    assert set(found) == {"S01", fragile_system.faulty[service, fault][1]}
    assert found["S01"]["subject"] == service
    assert reason in found["S01"]["because"]
    returns = fault == "429" and service != "documents"  # the agency's own system keeps no quota
    assert ("access returns" in found["S01"]["because"]) is returns

    calls = fragile_system.system.rows(
        "SELECT call.* FROM call JOIN credential USING (credential_id)"
        " WHERE call.run_id = %s AND credential.tool = %s ORDER BY call.started_at",
        run_id,
        service,
    )
    assert [call["status"] for call in calls] == statuses
    (outcome,) = fragile_system.system.rows(
        "SELECT outcome FROM step WHERE run_id = %s AND tool = %s", run_id, service
    )
    assert outcome["outcome"].startswith(reason)
    assert all(call["answer_bytes"] <= 4_000_000 for call in calls)
    assert all(call["latency_ms"] < 4_000 for call in calls)


def test_whatever_a_tool_does_the_run_ends_with_nothing_alive(fragile_system, triaged, until):
    until(lambda: not fragile_system.alive(list(triaged.values())), what="the end of everything leased")
