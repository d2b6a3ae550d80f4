"""Ports of the local stack: a configured one, else the usual one, else that of the last start, else any free one."""

import json
import socket

import pytest

from infra.local.errors import StackError
from infra.local.options import StackOptions
from infra.local.ports import USUAL_PORTS, Ports, fixed_ports
from infra.local.stack import LocalStack


@pytest.fixture
def usual(monkeypatch):
    """Usual ports that are free on this machine, by part."""
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        free = {"web": one.getsockname()[1], "vault": other.getsockname()[1]}
    monkeypatch.setattr("infra.local.ports.USUAL_PORTS", free)
    return free


@pytest.fixture
def listener():
    """Listens at a port, so that no other process can take it."""
    opened = []

    def listen(port=0):
        sock = socket.socket()
        opened.append(sock)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(("127.0.0.1", port))
        sock.listen()
        return sock

    yield listen
    for each in opened:
        each.close()


def test_the_usual_port_then_the_last_one_then_any(tmp_path, usual, listener):
    memory = tmp_path / "ports.json"
    taken = listener(usual["web"])
    first = Ports(memory)
    last = first.choose("web")
    assert last not in usual.values()
    first.keep("web", last)

    assert Ports(memory).choose("web") == last
    second = listener(last)
    assert Ports(memory).choose("web") not in {last, *usual.values()}
    second.close()
    taken.close()
    assert Ports(memory).choose("web") == usual["web"]


def test_a_port_taken_in_the_meantime_is_not_chosen_again(tmp_path, usual):
    ports = Ports(tmp_path / "ports.json")
    ports.keep("web", 1)
    assert ports.choose("web") == usual["web"]
    assert ports.choose("web") != usual["web"]


def test_a_fixed_port_is_given_to_no_other_part(tmp_path, usual):
    ports = Ports(tmp_path / "ports.json", fixed={"web": usual["vault"]})
    ports.require_fixed()
    assert ports.choose("vault") != usual["vault"]
    assert ports.choose("web") == usual["vault"]
    with pytest.raises(StackError, match=f"TRIAGE_PORT_WEB: port {usual['vault']} is taken"):
        ports.choose("web")


def test_a_fixed_port_that_is_taken_is_known_before_anything_starts(tmp_path, listener):
    port = listener().getsockname()[1]
    with pytest.raises(StackError, match=f"TRIAGE_PORT_SAM_GOV: port {port} is taken by another process"):
        Ports(tmp_path / "ports.json", fixed={"sam-gov": port}).require_fixed()


@pytest.mark.parametrize("content", ["", "[]", '{"web": "x"}', '{"web": null}'])
def test_a_memory_that_cannot_be_read_counts_as_none(tmp_path, usual, content):
    memory = tmp_path / "ports.json"
    memory.write_text(content)
    ports = Ports(memory)
    ports.keep("web", ports.choose("web"))
    assert json.loads(memory.read_text()) == {"web": usual["web"]}


def test_free_ports_are_not_remembered_where_the_usual_ones_are_not_wanted(tmp_path, usual):
    ports = Ports(tmp_path / "ports.json", usual=False)
    port = ports.choose("web")
    ports.keep("web", port)
    assert port not in usual.values()
    assert not (tmp_path / "ports.json").exists()


def test_every_part_with_a_port_can_be_given_one():
    environment = {
        f"TRIAGE_PORT_{part.upper().replace('-', '_')}": str(port) for part, port in USUAL_PORTS.items()
    }
    assert fixed_ports({**environment, "PATH": "/bin"}) == USUAL_PORTS
    assert fixed_ports({"TRIAGE_PORT_WEB": ""}) == {}


@pytest.mark.parametrize(
    ("environment", "problem"),
    [
        ({"TRIAGE_PORT_WEB": "http"}, "TRIAGE_PORT_WEB: 'http' is not a port"),
        ({"TRIAGE_PORT_WEB": "0"}, "TRIAGE_PORT_WEB: '0' is not a port"),
        ({"TRIAGE_PORT_WEB": "65536"}, "TRIAGE_PORT_WEB: '65536' is not a port"),
        ({"TRIAGE_PORT_WEB": "80 "}, "TRIAGE_PORT_WEB: '80 ' is not a port"),
        (
            {"TRIAGE_PORT_PAGES": "80"},
            "TRIAGE_PORT_PAGES: there is no such part; the variables are TRIAGE_PORT_VAULT, ",
        ),
        (
            {"TRIAGE_PORT_WEB": "8080", "TRIAGE_PORT_VAULT": "8080"},
            "TRIAGE_PORT_VAULT: 8080 is also the port of TRIAGE_PORT_WEB",
        ),
    ],
)
def test_a_wrong_port_names_variable_and_value(environment, problem):
    with pytest.raises(StackError) as refused:
        fixed_ports(environment)
    assert str(refused.value).startswith(problem)


def test_a_tool_whose_mock_has_no_port_is_named_before_anything_starts(tmp_path, monkeypatch):
    monkeypatch.delitem(USUAL_PORTS, "documents")
    stack = LocalStack(tmp_path, options=StackOptions(usual_ports=False))
    with pytest.raises(StackError, match=r"^documents: .*infra/local/ports.py.* DOCUMENTS_URL$"):
        stack.start()
    assert stack.processes == {}
