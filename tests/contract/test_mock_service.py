"""What all HTTP mocks share: they log each use, refuse payments, allow only GET, and misbehave as configured."""

import hashlib
import json
import shutil

import pytest

from known_answers.scenarios.loader import HAND_WRITTEN
from mocks.configuration import Configuration, ConfigurationError

NAMES = ("sam-gov", "debarment", "contracts", "documents")
PIID, UEI = "70ZZ0126C0001", "ZZ01PRMEVND1"
QUESTIONS = {
    "sam-gov": ("/entity-information/v4/entities", {"ueiSAM": f"[{UEI}]"}),
    "debarment": ("/entity-information/v4/exclusions", {"ueiSAM": f"[{UEI}]"}),
    "contracts": ("/contract-awards/v1/search", {"piid": PIID}),
    "documents": ("/documents/v1/documents", {"piid": PIID}),
}


def credential_of(mock):
    base = mock.client.environ_base
    return base.get("HTTP_X_API_KEY") or base["HTTP_AUTHORIZATION"].removeprefix("Bearer ")


@pytest.mark.parametrize("name", NAMES)
def test_a_use_is_logged_by_fingerprint(start_mock, name):
    mock = start_mock(name)
    path, query = QUESTIONS[name]
    assert mock.get(path, **query).status_code == 200
    (line,) = mock.accesses()
    assert line.pop("time").endswith("+00:00")
    assert line.pop("subject") in ("entity-1", "accessor-0")
    assert line == {
        "service": name,
        "fingerprint": hashlib.sha256(credential_of(mock).encode()).hexdigest(),
        "method": "GET",
        "route": path,
        "query": query,
        "status": 200,
        "reason": None,
        "remote_address": "127.0.0.1",
    }


@pytest.mark.parametrize("name", NAMES)
def test_refusals_are_logged_with_their_reason(start_mock, issuing_vault, name):
    mock = start_mock(name, credential=False)
    path, query = QUESTIONS[name]
    wrong = issuing_vault.sign(aud="elsewhere")
    mock.client.get(
        path, query_string=query, headers={"Authorization": f"Bearer {wrong}", "X-Api-Key": wrong}
    )
    mock.get(path, **query)
    refused, anonymous = mock.accesses()
    assert refused["fingerprint"] == hashlib.sha256(wrong.encode()).hexdigest()
    assert refused["status"] in (401, 403)
    assert refused["reason"]
    assert refused["subject"] is None
    assert anonymous["fingerprint"] is None


@pytest.mark.parametrize("name", NAMES)
def test_the_log_never_holds_the_credential_wherever_it_was_put(start_mock, name):
    mock = start_mock(name)
    path, query = QUESTIONS[name]
    secret = credential_of(mock)
    for wrong_place in (
        lambda: mock.get(path, **{next(iter(query)): secret}),
        lambda: mock.get(path, api_key=secret),
        lambda: mock.get(path, token=secret),
        lambda: mock.get(f"/{secret}"),
        lambda: mock.get(f"/payments/{secret}"),
        lambda: mock.client.open(path, method=secret.replace(".", "")),
        lambda: mock.client.get(path, headers={"Authorization": f"Basic {secret}", "X-Api-Key": secret}),
    ):
        wrong_place()
    assert len(mock.accesses()) == 7
    assert secret not in mock.log_file.read_text()
    assert secret.replace(".", "") not in mock.log_file.read_text()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("path", ["/payments", "/payments/2026/1"])
@pytest.mark.parametrize("credential", [True, False])
def test_payments_are_refused_and_logged_for_every_caller(start_mock, name, path, credential):
    mock = start_mock(name, credential=credential)
    for method in ("GET", "POST", "DELETE", "OPTIONS"):
        assert mock.client.open(path, method=method).status_code == 403
    assert [line["route"] for line in mock.accesses()] == ["/payments"] * 4
    assert {bool(line["fingerprint"]) for line in mock.accesses()} == {credential}


@pytest.mark.parametrize("name", NAMES)
def test_health_needs_no_credential_and_leaves_no_trace(start_mock, name):
    mock = start_mock(name, credential=False)
    assert mock.get("/healthz").json == {"status": "ok", "service": name}
    assert mock.accesses() == []


@pytest.mark.parametrize("name", NAMES)
def test_only_get_is_allowed(start_mock, name):
    mock = start_mock(name)
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"):
        assert mock.client.open(QUESTIONS[name][0], method=method).status_code == 405


@pytest.mark.parametrize("name", NAMES)
def test_strangers_learn_nothing_about_routes(start_mock, name):
    assert start_mock(name, credential=False).get("/nowhere").status_code in (401, 403)
    assert start_mock(name).get("/nowhere").status_code == 404


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("mode", "status"),
    [("500", 500), ("401", 401), ("429", 429), ("redirect", 302)]
    + [(mode, 200) for mode in ("garbage", "empty", "oversize", "hang")],
)
def test_faults_hit_only_the_action_they_are_for(start_mock, tmp_path, name, mode, status):
    cases = tmp_path / "scenarios" / "cases"
    cases.mkdir(parents=True)
    for first in HAND_WRITTEN.glob("0[12]-*.json"):
        shutil.copy(first, cases)
    file = cases / "01-clean-new-award.json"
    scenario = json.loads(file.read_text())
    file.write_text(json.dumps({**scenario, "faults": {name: mode}}))
    mock = start_mock(name, scenarios=cases.parent)
    path, query = QUESTIONS[name]
    answer = mock.get(path, **query)
    assert answer.status_code == status
    if mode == "429":
        assert name == "documents" or answer.json["code"] == "900804"
    elif mode == "oversize":
        assert len(answer.data) > 9_000_000
    elif mode in ("garbage", "empty", "hang"):
        with pytest.raises(ValueError, match=r"Expecting|Unterminated|delimiter"):
            json.loads(answer.data)
    other = {"ueiSAM": "ZZ02PRMEVND1"} if "ueiSAM" in query else {"piid": "70ZZ0126C0002"}
    assert mock.get(path, **other).status_code == 200
    assert [line["status"] for line in mock.accesses()] == [status, 200]


def test_a_missing_or_wrong_setting_is_named():
    with pytest.raises(ConfigurationError, match="MOCK_ACCESS_LOG is not set\nVAULT_ADDR is not set"):
        Configuration.from_environment({"MOCK_SCENARIOS": "/tmp"})
    given = {"MOCK_SCENARIOS": "s", "MOCK_ACCESS_LOG": "a", "VAULT_ADDR": "https://v/"}
    with pytest.raises(ConfigurationError, match="MOCK_LATENCY_MS: '-1'"):
        Configuration.from_environment({**given, "MOCK_LATENCY_MS": "-1"})
    configured = Configuration.from_environment({**given, "MOCK_LATENCY_MS": "50"})
    assert (configured.latency, configured.vault_addr) == (0.05, "https://v")


@pytest.mark.parametrize(
    ("text", "delay"),
    [
        (None, 0.05),
        ("{", 0.05),
        ('{"until": 1000, "milliseconds": 1500}', 0.05),
        ('{"until": 4102444800, "milliseconds": 1500}', 1.55),
    ],
)
def test_answers_are_slow_for_as_long_as_a_file_says(tmp_path, text, delay):
    given = {
        "MOCK_SCENARIOS": "s",
        "MOCK_ACCESS_LOG": "a",
        "VAULT_ADDR": "https://v/",
        "MOCK_LATENCY_MS": "50",
    }
    file = tmp_path / "tools.json"
    configured = Configuration.from_environment({**given, "MOCK_SLOW_FILE": str(file)})
    if text is not None:
        file.write_text(text)
    assert configured.delay() == pytest.approx(delay)
