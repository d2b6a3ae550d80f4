"""Row 9: a run that takes more credentials than its plan has steps. The first one too many ends it."""

from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from tests.integration.security.trials.thief import ISSUING, Credential, Identity


@pytest.fixture
def begun(thief):
    """A run that has recorded its login and a plan of `tools`, and taken no credential."""

    def begin(*tools):
        message = thief.take()
        assert thief.claim(message)
        identity = thief.become(message)
        thief.record_login(message, identity, accessor=identity.accessor, tools=tools)
        return message, identity

    return begin


@pytest.mark.parametrize("tool", ["ledger", "contracts", "documents", "sam-gov", "debarment"])
def test_the_second_credential_for_one_step_ends_the_run(thief, begun, ends, alarmed, tool):
    message, identity = begun("ledger", "contracts", "documents", "sam-gov", "debarment")
    while thief.issue(identity, tool):
        assert len(identity.credentials) < 2000
    assert identity.credentials
    ends(identity)
    alarmed(message.run_id)
    assert "more credentials than planned" in thief.alarms(message.run_id)


def test_a_tool_that_the_plan_does_not_need_ends_the_run(thief, begun, ends, alarmed):
    message, identity = begun("sam-gov")
    assert thief.issue(identity, "ledger")
    ends(identity)
    alarmed(message.run_id)


def test_hundreds_at_once_are_no_faster_than_the_end(thief, begun, ends, alarmed):
    message, identity = begun("ledger", "contracts")
    with ThreadPoolExecutor(16) as threads:
        list(threads.map(lambda n: thief.issue(identity, ("ledger", "contracts")[n % 2]), range(200)))
    ends(identity)
    alarmed(message.run_id)


def test_a_key_in_the_name_of_another_run_ends_with_the_run_that_took_it(
    thief, begun, at_work, ends, alarmed
):
    _, victim = at_work()
    message, identity = begun("contracts")
    meta = {"run_id": str(victim.login["metadata"]["run_id"]), "attempt": "1"}
    assert thief.issue(identity, "contracts", {"meta": meta})
    ends(identity)
    alarmed(message.run_id)
    assert "run token" in thief.works(victim)


def test_a_second_login_with_one_message_is_refused(thief, alarmed):
    before = len(thief.alarms())
    message = thief.take()
    assert thief.claim(message)
    secret_id = thief.unwrap(message.wrapping_token)
    first, second = thief.log_in(secret_id), thief.log_in(secret_id)
    assert (first.status_code, second.status_code) == (200, 400)
    assert thief.ask("POST", "sys/wrapping/unwrap", token=message.wrapping_token).status_code == 400
    alarmed(more_than=before)


@pytest.mark.parametrize(
    ("method", "path", "data"),
    [
        ("POST", "auth/token/renew-self", {"increment": "24h"}),
        ("POST", "auth/token/create", {}),
        ("POST", "auth/token/create/other", {}),
        ("POST", "auth/token/create/contracts", {"policies": ["root"]}),
        ("POST", "auth/token/create/contracts", {"ttl": "24h", "explicit_max_ttl": "24h"}),
        ("POST", "auth/token/create/contracts", {"no_parent": True}),
        ("POST", "auth/token/create/contracts", {"id": str(uuid4())}),
        ("POST", "sys/leases/renew", {"lease_id": "x", "increment": "24h"}),
        ("GET", "database/creds/other", None),
        ("GET", "identity/oidc/token/other", None),
        ("GET", "database/static-creds/ledger-reader", None),
    ],
)
def test_a_run_token_has_no_way_to_more(thief, at_work, method, path, data):
    _, identity = at_work()
    answer = thief.ask(method, path, data, token=identity.token)
    assert answer.status_code == 403, answer.text


@pytest.mark.parametrize("tool", ["ledger", "contracts"])
def test_a_credential_that_hides_from_the_log_ends_with_its_run(thief, begun, ends, alarmed, tool):
    """The vault wraps any answer on request, and logs nothing of what is inside."""
    message, identity = begun(*ISSUING)
    method, path = ISSUING[tool]
    answer = thief.ask(
        method, path, {} if method == "POST" else None, token=identity.token, wrap_ttl="60s"
    ).json()
    opened = thief.ask("POST", "sys/wrapping/unwrap", token=answer["wrap_info"]["token"]).json()
    if tool == "ledger":
        user, password = opened["data"]["username"], opened["data"]["password"]
        hidden = Credential(tool=tool, secret=password, user=user)
    else:
        hidden = Credential(tool=tool, secret=opened["auth"]["client_token"])
    identity.credentials.append(hidden)
    ends(identity)
    alarmed(message.run_id)


def test_a_login_that_hides_from_the_log_is_ended_all_the_same(thief, ends, alarmed):
    message = thief.take()
    login = {"role_id": thief.role_id, "secret_id": thief.unwrap(message.wrapping_token)}
    answer = thief.ask("POST", "auth/approle/login", login, wrap_ttl="60s").json()
    opened = thief.ask("POST", "sys/wrapping/unwrap", token=answer["wrap_info"]["token"]).json()["auth"]
    identity = Identity(token=opened["client_token"], accessor=opened["accessor"], login=opened)
    ends(identity)
    alarmed(message.run_id)


@pytest.mark.parametrize("length", [100_000, 2_000_000])
def test_a_key_in_a_line_too_long_to_be_read_ends_with_its_run(thief, begun, ends, alarmed, length):
    message, identity = begun(*ISSUING)
    assert thief.issue(identity, "contracts", {"meta": {"x": "x" * length}})
    assert thief.issue(identity, "contracts", {"meta": {"x": "x" * length}})
    ends(identity)
    alarmed(message.run_id)
