"""The commands `triage audit`: whether the vault's log still is what was read, and what is in it."""

from dataclasses import asdict

import typer

from app.cli.audit_search import search
from app.cli.context import Context, reported
from app.cli.options import AsJson
from app.cli.output import out, print_json
from app.cli.reconcile_command import VERDICT_STATUS, SharedUser, TimeOption, stretch
from app.connections.database import connect
from app.procurement.labels import without_unseen
from app.reconciliation.log_coverage import SHARED
from app.reconciliation.log_proof import LogProof, prove_log
from app.reconciliation.settings import VAULT_LOG

commands = typer.Typer(help="The vault's audit log as evidence.", no_args_is_help=True)

commands.command("search")(search)


@commands.callback()
def audit() -> None:
    """The vault's audit log as evidence."""


@commands.command("verify")
def verify_log(
    since: TimeOption = None,
    until: TimeOption = None,
    shared_user: SharedUser = False,
    as_json: AsJson = False,
) -> None:
    """Prove that no line of the vault's log was changed since it was read.

    The default is all that was read. Exit status 0 pass, 1 fail, 3 not established.
    """
    with reported():
        settings = Context().settings
        engine = connect(settings, pool_size=1)
        proof = prove_log(engine, VAULT_LOG, settings.vault_audit_log, *stretch(since, until))
        engine.dispose()
    if shared_user:
        proof.missing = [premise for premise in proof.missing if premise != SHARED]
    print_json(asdict(proof) | {"verdict": proof.verdict}) if as_json else _show(proof)
    raise typer.Exit(VERDICT_STATUS[proof.verdict])


def _show(proof: LogProof) -> None:
    def say(text: str) -> None:
        out.print(without_unseen(text), markup=False, highlight=False, soft_wrap=True)

    say(f"From {proof.since:%Y-%m-%d %H:%M:%S} to {proof.until:%Y-%m-%d %H:%M:%S} UTC")
    say(f"Lines of the vault's log that were read: {proof.lines}")
    for changed in proof.changed:
        say(f"Changed: {changed}")
    for premise in proof.missing:
        say(f"Not proven: {premise}")
    say(f"The vault's log: {proof.verdict}")
