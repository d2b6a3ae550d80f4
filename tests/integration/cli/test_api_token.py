"""`triage api-token`: a token of the demo's provider, and a program that uses it on the served interface."""

import base64
import json
import ssl
from uuid import uuid4

import httpx
import pytest


@pytest.fixture(scope="module")
def token_of(triage, system):
    """Runs the command beside the running stack, or beside none."""

    def run(persona, *, stack=True):
        environment = {"TRIAGE_HOME": str(system.stack.layout.home) if stack else "/nowhere"}
        return triage("api-token", "--persona", persona, environment=environment)

    return run


def test_a_program_submits_reads_and_decides(token_of, system):
    status, output, _ = token_of("officer-a")
    assert status == 0, output
    assert output.count("\n") == 1
    tls = ssl.create_default_context()
    with httpx.Client(
        base_url=f"{system.stack.endpoints['web']}/api/v1",
        headers={"Authorization": f"Bearer {output.strip()}"},
        timeout=20,
        trust_env=False,
        verify=tls,
    ) as program:
        assert program.get("/me").json()["subject"] == "officer-a"
        document = program.get("/openapi.json").json()
        example = document["paths"]["/api/v1/actions"]["post"]["requestBody"]["content"]["application/json"]
        action = {**example["examples"]["one"]["value"], "action_id": f"API-{uuid4().hex[:12]}"}
        key = {"Idempotency-Key": uuid4().hex}
        sent = program.post("/actions?run=true", json=action, headers=key)
        assert sent.status_code == 201, sent.text
        (action,) = sent.json()["actions"]
        assert action["new"]
        system.wait([action["run_id"]])
        run = program.get(f"/runs/{action['run_id']}").json()
        assert run["state"] == "completed"
        flag_id = run["flags"][0]["flag_id"]
        decision = {"version": 0, "decision": "confirmed", "rationale": "Nobody knows this vendor."}
        assert program.post(f"/flags/{flag_id}/decisions", json=decision).json()["version"] == 1
        again = program.post(f"/flags/{flag_id}/decisions", json=decision)
        assert (again.status_code, again.json()["version"]) == (200, 1)  # recorded once
        other = decision | {"rationale": "Somebody knows it."}
        again = program.post(f"/flags/{flag_id}/decisions", json=other)
        assert (again.status_code, again.json()["event"]["by"]) == (409, "officer-a")
        # Larger than is taken, of a stated length or not.
        large = b"[" + b" " * 1_100_000 + b"]"
        headers = {**key, "Content-Type": "application/json"}
        assert program.post("/actions", content=large, headers=headers).status_code == 413
        assert program.post("/actions", content=iter([large]), headers=headers).status_code == 413


@pytest.mark.parametrize("persona", ["nobody", "", "officer-a&persona=x"])
def test_an_unknown_persona_gets_no_token(token_of, persona):
    status, output, error = token_of(persona)
    assert (status, output) == (2, "")
    assert error == [f"persona: {persona!r}: the identity provider knows no such persona"]


def test_without_a_stack_no_token_can_be_had(token_of):
    status, output, (line,) = token_of("officer-a", stack=False)
    assert (status, output) == (2, "")
    assert "no demo identity provider is running here" in line


def test_the_token_comes_from_the_provider_and_is_short_lived(token_of):
    _, output, _ = token_of("auditor-a")
    head, claims, _ = (part + "==" for part in output.strip().split("."))
    payload = json.loads(base64.urlsafe_b64decode(claims))
    assert json.loads(base64.urlsafe_b64decode(head))["typ"] == "at+jwt"
    assert (payload["aud"], payload["sub"], payload["exp"] - payload["iat"]) == (
        "triage-api",
        "auditor-a",
        900,
    )
