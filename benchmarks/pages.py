"""`python -m benchmarks.pages`: how long the server takes for each page when there are many flags."""

import argparse
import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from secrets import token_hex
from statistics import quantiles
from tempfile import TemporaryDirectory
from typing import Any

from flask.testing import FlaskClient
from rich.console import Console
from rich.progress import track
from rich.table import Table

from app.domain.roles import Person
from app.settings import Settings
from app.web import create_app
from app.web.sign_in.sessions import COOKIE
from benchmarks import crowd
from infra.local import provisioning
from infra.local.options import Part, StackOptions
from infra.local.stack import LocalStack
from infra.postgres.provision import APPLICATION

#: Milliseconds a page may take at the 95th percentile.
AIM = 50.0
_HOST = "127.0.0.1:8000"
_ADDRESSES = (
    "/",
    "/flags",
    "/flags?status=open&severity=blocking&sort=-raised",
    "/flags?rule=C02&sort=raised",
    "/flags?system=sam-gov&action_type=option",
    "/flags?q=invented+contract",
    "/flags?q=EXAMPLE+VENDOR+77",
    "/flags?assignee=me",
    "{older}",
    "/flags/{flag}",
    "/runs",
    "/runs?state=completed",
    "/runs/{run}",
    "/vendors/ZZ9BENCH0077",
    "/actions/{action}",
)


def main() -> None:
    """Fill a database, ask for every page, print a table; with `--json FILE` also write the figures."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("--flags", type=int, default=100_000)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=40, help="how often each page is asked for")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    wanted = parser.parse_args()
    with TemporaryDirectory() as folder:
        options = StackOptions(parts=frozenset({Part.POSTGRES}), usual_ports=False)
        with LocalStack(Path(folder), options=options) as stack:
            figures = _measure(stack, wanted)
    _show(figures)
    if wanted.json:
        wanted.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _measure(stack: LocalStack, wanted: argparse.Namespace) -> dict[str, Any]:
    server = stack.services.database
    assert server is not None  # the one part that was started
    provisioning.migrate_tables(server, stack.layout)
    began = time.monotonic()
    with server.connect(APPLICATION) as connection:
        crowd.fill(connection, runs=wanted.runs, flags=wanted.flags)
        (flags,) = connection.execute("SELECT count(*) FROM discrepancy").fetchone() or (0,)
        names = _names(connection)
    filled = time.monotonic() - began
    client = _client(stack)
    names["older"] = _older(client)
    pages = {
        address: _times(partial(client.get, address.format(**names)), wanted.times)
        for address in track(_ADDRESSES, description="pages", transient=True)
    }
    return {"flags": flags, "runs": wanted.runs, "seconds to fill": round(filled, 1), "pages": pages}


def _names(connection: Any) -> dict[str, str]:
    """One flag, with its run and action, from the middle of the queue."""
    row = connection.execute(
        "SELECT discrepancy_id, run_id, action_id FROM discrepancy ORDER BY raised_at OFFSET 50 LIMIT 1"
    ).fetchone()
    return dict(zip(("flag", "run", "action"), map(str, row), strict=True))


def _client(stack: LocalStack) -> FlaskClient:
    key = stack.layout.secrets / "web.key"
    if not key.exists():
        key.touch(mode=0o600)
        key.write_text(token_hex(32))
    told = {name.lower(): value for name, value in stack.environment("web").items()}
    known = {name: value for name, value in told.items() if name in Settings.model_fields}
    settings = Settings(
        **{
            **known,
            "web_address": f"http://{_HOST}",
            "oidc_issuer": "http://127.0.0.1:1",
            "oidc_client_id": "bench",
            "web_key_file": key,
        }
    )
    app = create_app(settings)
    app.config["SERVER_NAME"] = _HOST
    person = Person.of(subject="officer-a", name="Contracting officer A", roles=["officer"])
    session_id = app.session_interface._store.begin({}, person=person)  # type: ignore[attr-defined]  # noqa: SLF001
    client = app.test_client()
    client.set_cookie(COOKIE, session_id, domain=_HOST.partition(":")[0], secure=True)
    return client


def _older(client: FlaskClient) -> str:
    """The address of a page deep in the queue."""
    address = "/flags"
    for _ in range(20):
        text = client.get(address).text
        following = [part.split('"')[0] for part in text.split('href="') if "after=" in part.split('"')[0]]
        if not following:
            break
        address = following[-1].replace("&amp;", "&")
    return address


def _times(work: Callable[[], Any], times: int) -> dict[str, Any]:
    for _ in range(3):
        status = work().status_code
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        taken.append(1e3 * (time.perf_counter() - began))
    cuts = quantiles(taken, n=20)
    return {
        "status": status,
        "p50": round(cuts[9], 1),
        "p95": round(cuts[18], 1),
        "max": round(max(taken), 1),
    }


def _show(figures: dict[str, Any]) -> None:
    table = Table(
        title=f"{figures['flags']:,} flags, {figures['runs']:,} runs; milliseconds on the server, aim p95 {AIM:g}"
    )
    for heading in ("page", "status", "p50", "p95", "max"):
        table.add_column(heading, justify="left" if heading == "page" else "right")
    for address, page in figures["pages"].items():
        late = "" if page["p95"] <= AIM else " *"
        table.add_row(
            address, str(page["status"]), str(page["p50"]), f"{page['p95']}{late}", str(page["max"])
        )
    Console().print(table)


if __name__ == "__main__":
    main()
