"""An agent worker that fails as configured, and records every secret that passes through it for the test.

Usage: noting_worker.py FOLDER, with an agent worker's environment. FOLDER/faults.json says which fault the first
attempt of a run, or the first look at an action, meets; FOLDER/secrets gets one secret a line. All else is the real
worker: nothing but `Secret`, the vault's answers and the tools' questions is touched.
"""

import json
import os
import sys
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

folder = Path(sys.argv[1])
os.environ["TRIAGE_RUNS_PER_PROCESS"] = "4"

from app.connections.tls import trust_of  # noqa: E402
from app.settings import Settings  # noqa: E402
from workers.runtime import run_session, worker  # noqa: E402
from workers.runtime.agent import Agent  # noqa: E402
from workers.runtime.secret import Secret  # noqa: E402
from workers.runtime.vault import Vault, VaultUnavailableError  # noqa: E402

faults = json.loads((folder / "faults.json").read_text())
notes = os.open(folder / "secrets", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
make_secret, introduced, make_agent = Secret.__init__, run_session.introduced, worker.make_agent


def note(self, value):
    os.write(notes, f"{value}\n".encode())
    make_secret(self, value)


class Failing(Vault):
    """Answers as the vault does, but for one fault."""

    fault = None

    def write(self, path, data=None, token=None, **more):
        if self.fault == "revocation fails" and path.endswith("revoke-self"):
            raise VaultUnavailableError("no answer")
        if self.fault == "refused" and path == "auth/token/create/contracts":
            path = "auth/token/create/other"
        answer = super().write(path, data, token, **more)
        if self.fault == "malformed login" and path.endswith("login"):
            Secret(answer["auth"]["client_token"])
            del answer["auth"]["accessor"]
        if self.fault == "malformed answer" and path == "auth/token/create/documents":
            Secret(answer["auth"]["client_token"])
            del answer["auth"]["lease_duration"]
        return answer

    def read(self, path, token, **more):
        if self.fault == "vault lost" and path.startswith("database/"):
            return Vault("http://127.0.0.1:1", trust_of(Settings())).read(path, token, **more)
        return super().read(path, token, **more)


@contextmanager
def introduce(vault, wrapping_token, *, run_id, attempt, **more):
    fault = faults.get(str(run_id)) if attempt == 1 else None
    failing = Failing(vault.address, trust_of(Settings()))
    failing.fault = fault
    with introduced(failing, wrapping_token, run_id=run_id, attempt=attempt, **more) as session:
        if fault == "broken in the middle":
            token = session._token.reveal()
            raise RuntimeError(f"{len(token)} characters of token in a local variable")
        if fault == "database error":
            issue = session.issue
            first = []

            def issue_twice(
                tool, grant, **more
            ):  # the second record of the same credential is refused by its key
                first.append(issue(tool, grant, **more))
                return first[0]

            session.issue = issue_twice
        yield session


def failing(tool):
    """The tool with added faults: what a careless adapter could do with a secret."""
    look_up = tool.look_up

    def ask(client, action):
        fault = faults.pop(f"{tool.name} {action.action_id}", None)
        if fault == "raises":
            secret = client._issued.secret if tool.name == "ledger" else client._secret
            shown = secret.reveal()
            raise RuntimeError(f"cannot use {shown} of {secret!r}")
        if fault == "payments":
            client.select("SELECT finance.payments", "SELECT * FROM finance.payments", {})
        yield from look_up(client, action)

    return replace(tool, look_up=ask)


def noting_agent(domain, **more) -> Agent:
    made = make_agent(domain, **more)
    tools = {name: failing(tool) for name, tool in made.tools.items()}
    return replace(made, tools=tools, introduce=partial(introduce, **made.introduce.keywords))


Secret.__init__ = note
worker.make_agent = noting_agent
from workers.main import celery  # noqa: E402

line = ["worker", "--queues", "triage-runs", "--pool", "threads", "--concurrency", "4", "--loglevel", "INFO"]
celery.worker_main([*line, "--without-gossip", "--without-mingle", "--without-heartbeat"])
