"""The command `triage switch`, which asks the JSON API on behalf of a person."""

import time
from typing import Annotated, Any

import typer

from app.cli.api_client import Client
from app.cli.api_problems import Wording
from app.cli.context import Context, reported
from app.cli.options import AsJson
from app.cli.output import out, print_json
from app.credentials.switch_orders import AGENT, SwitchKind, Turn

#: Seconds to wait for the confirmation, and between two looks.
_PATIENCE, _LOOK = 10.0, 0.25


def switch(
    kind: Annotated[
        SwitchKind, typer.Argument(metavar="KIND", help="agent, tool, worker, run or credential.")
    ],
    target: Annotated[
        str,
        typer.Argument(
            metavar="[TARGET]", help="The name of the tool or worker, or the id of the run or credential."
        ),
    ] = AGENT,
    *,
    off: Annotated[bool, typer.Option("--off/--on", help="Cut it off, or let it on again.")],
    why: Annotated[str, typer.Option("--reason", metavar="TEXT", help="Why you do it. It is kept.")],
    as_json: AsJson = False,
) -> None:
    """Cut off the agent, a tool, a worker, a run or a credential, or let it on again, in your name.

    For security operators: TRIAGE_TOKEN_FILE names the file with your access token. Exit status 3: it is not confirmed
    within 10 seconds.
    """
    turn = Turn.OFF if off else Turn.ON
    if (kind is SwitchKind.AGENT) != (target == AGENT):
        raise typer.BadParameter(f"{kind.value} {target!r} is no target; see `triage switch --help`")
    with reported():
        client = Client.of(Context())
        wording = Wording(unknown=f"{kind.value}: {target!r} is not known")
        order = {"kind": kind, "target": target, "turn": turn, "reason": why}
        done = _settled(client, client.post("/switches", wording, order), wording)
    if as_json:
        print_json(done)
    else:
        what = AGENT if kind is SwitchKind.AGENT else f"{kind.value} {target}"
        out.print(f"{what} {turn.value}: {done['outcome'] or 'not carried out'}", highlight=False)
    if done["done_at"] is None:
        raise typer.Exit(3)


def _settled(client: Client, order: dict[str, Any], wording: Wording) -> dict[str, Any]:
    """The order when it is done, or after ten seconds."""
    end = time.monotonic() + _PATIENCE
    while order["done_at"] is None and time.monotonic() < end:
        time.sleep(_LOOK)
        order = client.get(f"/switches/{order['order_id']}", wording)
    return order
