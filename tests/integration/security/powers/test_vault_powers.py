"""The table of the vault, tried: every path of every policy with every verb, and the powers that nobody has."""

import json
from collections.abc import Callable, Iterator
from itertools import product
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from urllib3 import PoolManager

from app.procurement.systems import SYSTEMS
from infra.vault.wanted import operator_entries
from tests.integration.security.powers.vault_table import ANYBODY, NOBODY, RUN, SWITCHED, TABLE

#: Verbs by the capabilities of which one is enough.
VERBS = {
    "GET": {"read"},
    "LIST": {"list"},
    "POST": {"create", "update"},
    "PATCH": {"patch"},
    "DELETE": {"delete"},
}
PATHS = sorted({path for powers in TABLE.values() for path in powers})
#: What works with another storage only; `tests/integration/vault/test_work_restored.py` takes a snapshot.
ELSEWHERE = {"sys/storage/raft/snapshot"}


@pytest.fixture(scope="module")
def ask(system) -> Iterator[Callable[..., tuple[int, str]]]:
    """Asks the vault, thousands of times: `ask("GET", path, data, headers)`, status and text of the answer."""
    address = system.stack.endpoints["vault"]
    with PoolManager(timeout=20, retries=False) as connections:

        def request(verb: str, path: str, data: Any, headers: dict[str, str]) -> tuple[int, str]:
            kind = "application/merge-patch+json" if verb == "PATCH" else "application/json"
            answer = connections.request(
                verb,
                f"{address}/v1/{path}",
                body=None if data is None else json.dumps(data),
                headers={**headers, "Content-Type": kind},
            )
            return answer.status, answer.data.decode()

        yield request


@pytest.fixture(scope="module")
def scene(insider, system, unwatched) -> Iterator[SimpleNamespace]:
    """A run that holds everything, a token to end, and a token of each identity."""
    with insider.run() as held:
        tokens = {
            "run": held.token,
            "contracts": held.secret("contracts"),
            "documents": held.secret("documents"),
        }
        for name in TABLE.keys() - tokens.keys():
            login = json.loads(
                system.stack.secrets.read("web" if name == "auditor" else name, "vault-identity.json")
            )
            answer = system.ask_vault("POST", "auth/approle/login", login, token="")
            tokens[name] = answer.json()["auth"]["client_token"]
        yield SimpleNamespace(held=held, tokens=tokens)


@pytest.fixture(scope="module")
def example(insider, system) -> Callable[[str, str], dict[str, Any]]:
    """What a request must carry to succeed."""
    entries = operator_entries(tools=SYSTEMS, process_ttl=86_400)
    as_it_is = {entry.path: dict(entry.data) for entry in entries}
    as_it_is["identity/entity/name/triage-agent"] = {"disabled": False}
    as_it_is |= {f"sys/policies/acl/switch-{tool}": {"policy": "# on"} for tool in SWITCHED}

    def of(identity: str, path: str) -> dict[str, Any]:
        if path == f"{RUN}/secret-id":
            return {"metadata": json.dumps({"run_id": str(uuid4()), "attempt": "1"})}
        if path == f"{RUN}/secret-id-accessor/destroy":
            return {"secret_id_accessor": insider.mint(uuid4()).secret_id_accessor}
        if path.endswith("/secret-id-accessor/destroy"):
            made = system.ask_vault("POST", path.removesuffix("-accessor/destroy"), {})
            return {"secret_id_accessor": made.json()["data"]["secret_id_accessor"]}
        if path.endswith("-accessor"):
            made = system.ask_vault(
                "POST", "auth/token/create-orphan", {"policies": ["default"], "ttl": "60s"}
            )
            return {"accessor": made.json()["auth"]["accessor"]}
        if path.startswith("sys/leases/"):
            return {"lease_id": system.ask_vault("GET", "database/creds/ledger-reader").json()["lease_id"]}
        return as_it_is.get(path, {})

    return of


def test_the_vault_grants_what_the_table_says_and_nothing_else(system, scene):
    """Asked of the vault itself, for every path and capability, `sudo` among them."""
    paths = [*PATHS, *NOBODY]
    for name, token in scene.tokens.items():
        answer = system.ask_vault("POST", "sys/capabilities", {"token": token, "paths": paths}).json()["data"]
        granted = {path: set(answer[path]) - {"deny"} for path in paths}
        wanted = {path: TABLE[name][path][0] if path in TABLE[name] else set() for path in paths}
        assert granted == wanted, name


def test_every_path_of_every_policy_is_in_the_table_and_none_has_a_wildcard(system):
    """A path that is added to a policy needs a row and a reason, and a row needs its path."""
    policies = {}
    for name in system.ask_vault("LIST", "sys/policies/acl").json()["data"]["keys"]:
        if name not in ("root", "default"):
            text = system.ask_vault("GET", f"sys/policies/acl/{name}").json()["data"]["policy"]
            paths = {line.split('"')[1] for line in text.splitlines() if line.startswith("path ")}
            policies[name.removeprefix("triage-").removeprefix("tool-")] = paths
    assert {name for name in policies if name.startswith("switch-")} == {
        f"switch-{tool}" for tool in SWITCHED
    }
    assert not any(policies.pop(f"switch-{tool}") for tool in SWITCHED), "all are on"
    assert policies == {name: set(powers) for name, powers in TABLE.items()}
    assert not [path for paths in policies.values() for path in paths if set("*+{") & set(path)]


@pytest.mark.parametrize("name", TABLE)
def test_what_no_policy_governs_is_no_power(ask, scene, name):
    """Asked before the run ends its token."""
    for (verb, path), (status, _reason) in ANYBODY.items():
        assert ask(verb, path, {}, {"X-Vault-Token": scene.tokens[name]})[0] == status, path


def test_the_dispatcher_mints_nothing_but_wrapped_halves_of_a_login_for_somebody(ask, scene):
    """Neither unwrapped nor without saying for whom, and with no lifetime, use or address of its own choice."""
    wrapped = {"X-Vault-Token": scene.tokens["dispatcher"], "X-Vault-Wrap-TTL": "60s"}
    metadata = {"metadata": json.dumps({"run_id": str(uuid4())})}
    path = f"{RUN}/secret-id"
    assert ask("POST", path, metadata, wrapped)[0] == 200
    assert ask("POST", path, metadata, {"X-Vault-Token": scene.tokens["dispatcher"]})[0] == 403
    assert ask("POST", path, {}, wrapped)[0] == 403
    for more in ({"ttl": "1h"}, {"num_uses": 9}, {"cidr_list": ["0.0.0.0/0"]}, {"token_bound_cidrs": []}):
        assert ask("POST", path, metadata | more, wrapped)[0] == 403, more


@pytest.mark.parametrize("role", ["contracts", "documents"])
@pytest.mark.parametrize(
    "more", [{"policies": ["triage-run"]}, {"id": "chosen"}, {"ttl": "1h"}, {"no_parent": True}]
)
def test_a_run_asks_for_a_key_as_the_role_makes_it(ask, scene, role, more):
    answer = ask(
        "POST", f"auth/token/create/{role}", {"meta": {}} | more, {"X-Vault-Token": scene.tokens["run"]}
    )
    assert answer[0] == 403


OFF = 'path "identity/oidc/token/sam-gov" { capabilities = ["deny"] }'


@pytest.mark.parametrize(
    ("path", "data"),
    [
        *(
            ("identity/entity/name/triage-agent", data)
            for data in (
                *(
                    {},
                    {"disabled": "false"},
                    {"disabled": 0},
                    {"disabled": None},
                    {"policies": ["triage-run"]},
                ),
                *({"disabled": False, "policies": []}, {"disabled": False, "name": "other"}),
                {"disabled": False, "metadata": {"run_id": "x"}},
            )
        ),
        *(
            ("sys/policies/acl/switch-sam-gov", {"policy": text})
            for text in (
                *(
                    "",
                    "# on ",
                    "#on",
                    OFF + " ",
                    OFF.replace("deny", "read"),
                    OFF.replace("sam-gov", "debarment"),
                ),
                'path "sys/*" { capabilities = ["sudo"] }',
            )
        ),
        ("sys/policies/acl/switch-sam-gov", {"policy": "# on", "name": "triage-run"}),
        ("sys/policies/acl/switch-other", {"policy": "# on"}),
        ("identity/entity/name/other", {"disabled": True}),
    ],
)
def test_a_switch_has_two_exact_forms(ask, scene, path, data):
    assert ask("POST", path, data, {"X-Vault-Token": scene.tokens["switch"]})[0] == 403


@pytest.mark.parametrize("name", sorted(TABLE, key=lambda name: name == "run"))
def test_an_identity_does_what_the_table_says_and_is_refused_everything_else(ask, scene, example, name):
    """What works is seen to work. A run's token, which it ends itself, comes last."""
    tries = [*product(PATHS, VERBS), *product(NOBODY, ("GET", "POST"))]
    wrong = []
    for path, verb in sorted(tries, key=lambda each: "revoke" in each[0]):
        granted = path in TABLE[name] and bool(TABLE[name][path][0] & VERBS[verb])
        data = (
            example(name, path)
            if granted and verb == "POST"
            else {"x": "y"}
            if verb in ("POST", "PATCH")
            else None
        )
        headers = {"X-Vault-Token": scene.tokens[name]}
        if granted and name == "dispatcher":
            headers["X-Vault-Wrap-TTL"] = "60s"
        status, text = ask(verb, path, data, headers)
        # Some verbs do not exist on some paths, which is said before anybody is asked for a permission.
        refused = status in (403, 405) or ("unsupported" in text and not granted)
        works = status in (200, 204) or path in ELSEWHERE
        if refused == granted or (granted and not works):
            wrong.append((verb, path, status, text[:200]))
    assert not wrong, "\n".join(map(str, wrong))
