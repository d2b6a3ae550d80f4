"""Operators order switches on the page, by command and by program; others read, or see nothing of it."""

import json
import re
from http import HTTPStatus

import httpx
import pytest

API = "/api/v1/switches"
LEDGER = "/switches/tool/ledger/off"


@pytest.fixture
def operator(served):
    return served("operator-a")


@pytest.fixture
def program(system, tokens_of):
    """Asks the API as a person: `program("operator-a", "POST", path, body)`."""

    def ask(persona, method, path=API, body=None):
        return httpx.request(
            method,
            f"{system.stack.endpoints['web']}{path}",
            headers={"Authorization": f"Bearer {tokens_of(persona)['access_token']}"},
            json=body,
            timeout=20,
            trust_env=False,
        )

    return ask


@pytest.fixture
def as_operator(triage, system, tmp_path):
    """Runs a command with the token of an operator."""
    environment = {"TRIAGE_HOME": str(system.stack.layout.home)}
    status, output, _ = triage("api-token", "--persona", "operator-a", environment=environment)
    assert status == 0
    file = tmp_path / "token"
    file.write_text(output)
    file.chmod(0o600)
    return lambda *arguments: triage(*arguments, environment={**environment, "TRIAGE_TOKEN_FILE": str(file)})


def order_on_page(client, address, reason):
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get(address).text)[1]
    return client.post(address, data={"csrf_token": token, "reason": reason})


def test_on_the_page_with_a_reason_and_the_effect_is_shown(system, operator, switch, until):
    page = operator.get("/switches").text
    assert page.count("Switch off<") >= 5
    asked = operator.get(LEDGER).text
    assert "Switch off Financial obligations?" in asked
    assert "“not checked”" in asked

    without = order_on_page(operator, LEDGER, "  ")
    assert without.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "Enter a reason." in without.text

    assert order_on_page(operator, LEDGER, "The ledger is restored.").status_code == HTTPStatus.SEE_OTHER
    done = "SELECT 1 FROM switch_order WHERE done_at IS NOT NULL AND reason = 'The ledger is restored.'"
    until(lambda: system.rows(done), what="the confirmation")
    system.run(system.copy("ACT-2026-0003"))
    page = operator.get("/switches").text
    assert "The ledger is restored." in page
    assert re.search(r"The vault refused 1 credential, the last one [\d.]+ s ago\.", page)
    assert "Switch on" in page
    again = order_on_page(operator, LEDGER, "Once more.")
    assert again.status_code == HTTPStatus.SEE_OTHER
    assert "was already switched off" in operator.get("/switches").text
    (event,) = system.rows(
        "SELECT * FROM security_event WHERE action = 'turn a switch' AND detail->>'switch' = 'tool ledger off'"
        " AND (detail->>'new')::boolean"
    )
    assert (event["person"], event["outcome"]) == ("operator-a", "succeeded")


@pytest.mark.parametrize(
    "address", ["/switches/tool/nonsense/off", "/switches/worker/x/off", "/switches/worker/x:1/off", "/switches/host/x/off",
                "/switches/agent/agent/over",
                "/switches/run/00000000-0000-4000-8000-000000000000/off", "/switches/credential/x/off"],
)  # fmt: skip
def test_what_does_not_exist_is_not_found(operator, address):
    assert operator.get(address).status_code == HTTPStatus.NOT_FOUND


def test_an_auditor_reads_and_an_officer_does_not(served):
    auditor, officer = served("auditor-a"), served("officer-a")
    page = auditor.get("/switches")
    assert page.status_code == HTTPStatus.OK
    assert "Switch off" not in page.text
    assert auditor.get(LEDGER).status_code == HTTPStatus.FORBIDDEN
    assert officer.get("/switches").status_code == HTTPStatus.FORBIDDEN


def test_by_a_program(program, switch, until):
    wanted = {"kind": "tool", "target": "debarment", "turn": "off", "reason": "A drill."}
    made = program("operator-a", "POST", body=wanted)
    assert made.status_code == HTTPStatus.ACCEPTED, made.text
    order_id = made.json()["order_id"]
    done = until(
        lambda: (found := program("auditor-a", "GET", f"{API}/{order_id}").json())["done_at"] and found,
        what="the confirmation",
    )
    assert done["outcome"].startswith("the vault issues nothing more")
    assert program("auditor-a", "GET").json()["items"][0]["order_id"] == order_id

    twice = program("operator-a", "POST", body=wanted)
    assert (twice.status_code, twice.json()["detail"]) == (
        HTTPStatus.CONFLICT,
        "It was already switched off. Nothing was ordered.",
    )
    for changed in ({"reason": " "}, {"turn": "over"}, {"kind": "host"}, {"more": 1}):
        refused = program("operator-a", "POST", body=wanted | changed)
        assert refused.status_code == HTTPStatus.UNPROCESSABLE_ENTITY, changed
        assert next(iter(changed)) in refused.text
    unknown = program("operator-a", "POST", body=wanted | {"target": "nonsense"})
    assert unknown.status_code == HTTPStatus.NOT_FOUND
    assert program("auditor-a", "POST", body=wanted).status_code == HTTPStatus.FORBIDDEN
    assert program("officer-a", "GET").status_code == HTTPStatus.FORBIDDEN


def test_by_a_command(as_operator, system):
    status, output, errors = as_operator("switch", "agent", "--off", "--reason", "A drill.")
    assert (status, errors) == (0, [])
    assert output.startswith("agent off: the vault issues nothing more")
    status, _, errors = as_operator("switch", "agent", "--off", "--reason", "A drill.")
    assert status == 1
    assert "It was already switched off. Nothing was ordered." in " ".join(errors)
    status, output, _ = as_operator("switch", "agent", "--on", "--reason", "Over.", "--json")
    assert status == 0
    assert json.loads(output)["outcome"] == "the vault issues again"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("tool", "nonsense", "--off", "--reason", "x"), "nonsense"),
        (("host", "x", "--off", "--reason", "x"), "host"),
        (("worker", "x:1", "--off", "--reason", "x"), "worker: 'x:1' is not known"),
        (("worker", "--off", "--reason", "x"), "no target"),
        (("agent", "x", "--off", "--reason", "x"), "'x'"),
        (("tool", "--off", "--reason", "x"), "agent"),
        (("agent", "--off"), "--reason"),
        (("agent", "--reason", "x"), "--off"),
        (("agent", "--off", "--reason", " "), "reason"),
    ],
)
def test_a_command_that_is_wrong_names_what(as_operator, arguments, said):
    status, _, errors = as_operator("switch", *arguments)
    assert status in {1, 2}
    assert said in " ".join(errors)


def test_a_worker_by_page_program_and_command(  # noqa: PLR0917  # fixtures
    system, workers, operator, program, as_operator, switch, until
):
    name = workers[0]
    address = f"/switches/worker/{name}/off"
    assert address in operator.get("/").text
    page = operator.get("/switches").text
    assert address in page
    assert f"The worker {name}" in page
    asked = operator.get(address).text
    assert "This does not contain a stolen host" in asked
    assert "The runs that it holds end as failed, with your name." in asked

    assert order_on_page(operator, address, "Its disk is full.").status_code == HTTPStatus.SEE_OTHER
    done = "SELECT 1 FROM switch_order WHERE done_at IS NOT NULL AND reason = 'Its disk is full.'"
    until(lambda: system.rows(done), what="the confirmation")
    seen = "It holds no run and, by its own word, takes no messages."
    page = until(lambda: seen in (found := operator.get("/switches").text) and found, what="the effect")
    assert "Its disk is full." in page
    on = f"/switches/worker/{name}/on"
    assert on in page
    assert on in operator.get("/").text
    assert "within a few seconds" in operator.get(on).text
    order_on_page(operator, address, "Once more.")
    assert f"the worker {name} was already switched off" in operator.get("/switches").text

    wanted = {"kind": "worker", "target": name, "turn": "on", "reason": "Over."}
    made = program("operator-a", "POST", body=wanted)
    assert made.status_code == HTTPStatus.ACCEPTED, made.text
    unknown = program("operator-a", "POST", body=wanted | {"target": "nobody:1", "turn": "off"})
    assert unknown.status_code == HTTPStatus.NOT_FOUND

    status, output, errors = as_operator("switch", "worker", name, "--off", "--reason", "A drill.")
    assert (status, errors) == (0, [])
    assert output.startswith(f"worker {name} off: it is given no run; ")
    status, _, errors = as_operator("switch", "worker", name, "--off", "--reason", "A drill.")
    assert status == 1
    assert "It was already switched off. Nothing was ordered." in " ".join(errors)
    status, output, _ = as_operator("switch", "worker", name, "--on", "--reason", "Over.")
    assert (status, output.strip()) == (0, f"worker {name} on: it is given runs again")
