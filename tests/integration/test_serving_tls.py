"""Pages and mocks serve TLS themselves, on as many addresses as are named, IPv6 among them."""

import re
import socket
import ssl

import httpx
import pytest

from infra.provision.certificates import Authority

COMMANDS = {"web": ("app.web.launch",), "sam-gov": ("mocks.launch", "sam-gov")}


def addresses():
    yield "127.0.0.1"
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return  # this machine has no IPv6
    yield "[::1]"


@pytest.fixture(scope="module")
def authority():
    return Authority.make()


@pytest.fixture
def shown(tmp_path):
    """Writes certificate and key of a server: the variables that name them."""

    def write(certificate, key):
        files = {"TLS_CERTIFICATE_FILE": tmp_path / "tls.pem", "TLS_KEY_FILE": tmp_path / "tls.key"}
        for file, text in zip(files.values(), (certificate, key), strict=True):
            file.write_text(text)
            file.chmod(0o600)
        return {name: str(file) for name, file in files.items()}

    return write


@pytest.fixture
def serve(system, start):
    """Starts a server with TLS: `serve(name, binds, files)`."""

    def begin(name, hosts, files):
        module, *arguments = COMMANDS[name]
        binds = [part for host in hosts for part in ("--bind", f"{host}:0")]
        return start(module, *arguments, *binds, environment=system.stack.environment(name) | files)

    return begin


@pytest.mark.parametrize("name", COMMANDS)
def test_every_address_answers_over_tls(name, serve, shown, authority, until):
    hosts = list(addresses())
    server = serve(name, hosts, shown(*authority.issue(name, [])))
    said = until(lambda: re.search(r"Listening at: (\S+) \(", server.errors.read_text()))
    listening = re.findall(r"//([^,]+)", said[1])
    assert [place.rpartition(":")[0] for place in listening] == hosts
    believed = ssl.create_default_context(cadata=authority.certificate)
    with httpx.Client(verify=believed, trust_env=False) as client:
        for place in listening:
            assert client.get(f"https://{place}/healthz").status_code == 200


@pytest.mark.parametrize("name", COMMANDS)
def test_a_key_that_does_not_fit_is_refused(name, serve, shown, authority):
    (certificate, _), (_, key) = authority.issue(name, []), authority.issue(name, [])
    files = shown(certificate, key)
    (line,) = serve(name, ["127.0.0.1"], files).refused()
    assert re.match(r"TLS_CERTIFICATE_FILE: .* is not a PEM certificate for the key in TLS_KEY_FILE", line)
    del files["TLS_KEY_FILE"]
    (line,) = serve(name, ["127.0.0.1"], files).refused()
    assert line == "TLS_CERTIFICATE_FILE and TLS_KEY_FILE must be set together"
