"""The command `triage verify`: checks the files, signature, histories and vault lines of a bundle."""

from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from app import settings
from app.cli.context import Context, reported
from app.cli.options import AsJson
from app.cli.output import USAGE, err, out, print_json
from app.cli.reconcile_command import VERDICT_STATUS
from app.connections.addresses import is_local
from app.connections.deadline import Deadline
from app.connections.http_wire import Wire, WireError
from app.connections.tls import trust_of
from app.contract_file.keys import KeysError, PublicKeys
from app.contract_file.verify import CheckedBundle, verify
from app.procurement.labels import plural, without_unseen
from app.reconciliation.log_coverage import SHARED
from infra.local.state import read_record

_WELL_KNOWN = "/.well-known/triage-export-keys.json"
_LIMIT = 1_000_000
_TIMEOUT = 10.0


def verify_bundle(
    file: Annotated[Path, typer.Argument(help="A bundle: the ZIP of a contract file.")],
    keys: Annotated[
        str | None,
        typer.Option(
            metavar="KEYS",
            help="A key set: a file or an https address. Default: the key set of the stack running here.",
        ),
    ] = None,
    shared_user: Annotated[
        bool, typer.Option("--shared-user", help="Accept that all processes shared one user of the machine.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check that a contract file is complete and unaltered, and that the vault's own log agrees with its records.

    Checks digests, signature and histories, that no file is missing or was added, and each identity and credential
    against the vault's lines. Exit status 0 pass, 1 fail, 3 not established.
    """
    with reported():
        try:
            known = _keys(keys)
        except KeysError as error:
            err.print(f"keys: {keys or _WELL_KNOWN}: {error}", markup=False, highlight=False, soft_wrap=True)
            raise typer.Exit(USAGE) from None
        checked = verify(file, known)
    if shared_user:
        checked.missing = [premise for premise in checked.missing if premise != SHARED]
    print_json(_document(checked)) if as_json else _show(file, checked)
    raise typer.Exit(VERDICT_STATUS[checked.verdict])


def _document(checked: CheckedBundle) -> dict[str, Any]:
    return {
        "verdict": checked.verdict,
        "problems": checked.problems,
        "missing": checked.missing,
        "signed_by": checked.signed_by,
        "action_id": checked.manifest.get("action_id"),
    }


def _show(file: Path, checked: CheckedBundle) -> None:
    def say(text: str) -> None:
        out.print(without_unseen(text), markup=False, highlight=False, soft_wrap=True)

    if checked.problems:
        say(f"FAILED: {file} cannot be relied on:")
        for problem in checked.problems:
            say(f"  {problem}")
        say(f"Verdict: {checked.verdict}")
        return
    manifest = checked.manifest
    events = sum(each["events"] for each in manifest["decisions"])
    say(f"{file} is complete and unaltered.")
    say(
        f"  Action {manifest['action_id']}, exported {manifest['exported_at']} by {manifest['exported_by']['name']}"
    )
    counted = (
        (manifest["files"], "file"),
        (manifest["credentials"], "credential"),
        (manifest["runs"], "run"),
    )
    say(f"  {', '.join(plural(len(many), name) for many, name in counted)}")
    found = plural(len(manifest["decisions"]), "finding")
    say(f"  {found} with {plural(events, 'event')} in their histories; every history is intact")
    say(f"  Signed with key {checked.signed_by}")
    if checked.missing:
        say("The vault's log does not contradict the records. Not proven:")
    else:
        say("The vault's log agrees with every identity and credential on record.")
    for premise in checked.missing:
        say(f"  {premise}")
    say(f"Verdict: {checked.verdict}")


def _keys(given: str | None) -> PublicKeys | None:
    """The keys in a file or at an address, or those of the stack running here, or None. Raises `KeysError`."""
    if given is None:
        record = read_record(Context().layout)
        web = record.endpoints.get("web") if record else None
        return PublicKeys.parse(_fetched(web + _WELL_KNOWN)) if web else None
    if "://" in given:
        return PublicKeys.parse(_fetched(given))
    try:
        with Path(given).open("rb") as stream:
            return PublicKeys.parse(stream.read(_LIMIT))
    except OSError as error:
        raise KeysError(error.strerror or "cannot be read") from None


def _fetched(address: str) -> bytes:
    try:
        parts = urlsplit(address)
        if parts.scheme != "https" and (parts.scheme != "http" or not is_local(parts.hostname)):
            # Over plain HTTP, an attacker on the network could substitute another key.
            raise KeysError("a key set must come from an https address")
        with Wire(trust_of(settings.load()), size=1) as wire:
            answer = wire.request("GET", address, deadline=Deadline(_TIMEOUT), limit=_LIMIT)
    except WireError as silent:
        raise KeysError(str(silent)) from None
    except ValueError:
        raise KeysError("it is not an address") from None
    if answer.status != HTTPStatus.OK:
        raise KeysError(f"it answers HTTP {answer.status}")
    return answer.content
