"""`python -m infra.provision`, which `triage provision` and `triage rotate` run.

Exit status: 0 done, 1 a server refused or did not answer, 2 a wrong setting or wrong usage.
"""

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from app.connections import redaction
from app.connections.secret_files import SettingsError
from infra.environment import forget_foreign
from infra.provision import broker, database, demo_data, keys, rotation
from infra.provision.identity_rotation import rotate as rotate_identities
from infra.provision.settings import ProvisioningSettings, load
from infra.provision.vault_setup import back_up_vault, provision_vault, restore_vault, rotate_run_role
from infra.reporting import ProvisionError, Say

_REFUSED, _WRONG_USAGE, _INTERRUPTED = 1, 2, 130


class _Parser(argparse.ArgumentParser):
    """Reports an error in one line."""

    def error(self, message: str) -> NoReturn:
        sys.stderr.write(f"{message}\n")
        sys.exit(_WRONG_USAGE)


def main() -> None:
    """Carry out the command, and report each change in one line."""
    redaction.install()
    forget_foreign()
    wanted = _wanted()
    try:
        _carry_out(wanted, load())
    except SettingsError as wrong:
        sys.stderr.write(f"{wrong}\n")
        sys.exit(_WRONG_USAGE)
    except ProvisionError as refused:
        sys.stderr.write(f"{refused}\n")
        sys.exit(_REFUSED)
    except OSError as error:
        sys.stderr.write(f"{error.filename or 'output'}: {error.strerror}\n")
        sys.exit(_REFUSED)
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(_INTERRUPTED)


def _carry_out(wanted: argparse.Namespace, settings: ProvisioningSettings) -> None:
    for name, step in _steps(wanted, settings).items():
        changed = False

        def say(text: str, *, name: str = name) -> None:
            nonlocal changed
            changed = True
            print(f"{name}: {text}", flush=True)  # noqa: T201 - a command's output

        step(say)
        if not changed:
            say("nothing to change")


def _steps(wanted: argparse.Namespace, settings: ProvisioningSettings) -> dict[str, Callable[[Say], None]]:
    if wanted.step == "rotate":
        ended: bool = wanted.end_sessions
        rotations: dict[str, Callable[[Say], None]] = {
            "identities": lambda say: rotate_identities(settings, say, watch=wanted.watch),
            "run-role": lambda say: rotate_run_role(settings, say),
            "database": lambda say: rotation.rotate_database(settings, say, end_sessions=ended),
            "broker": lambda say: rotation.rotate_broker(settings, say, end_sessions=ended),
            "web-key": lambda say: rotation.rotate_web_key(settings, say),
            "export-key": lambda say: rotation.rotate_export_key(settings, say),
        }
        return {wanted.what: rotations[wanted.what]}
    steps: dict[str, Callable[[Say], None]] = {
        "keys": lambda say: keys.provision_keys(settings, say, hosts=wanted.tls),
        "database": lambda say: database.provision_database(
            settings, say, new_ledger_admin_password=wanted.new_ledger_admin_password
        ),
        "broker": lambda say: broker.provision_broker(settings, say),
        "vault": lambda say: provision_vault(settings, say),
        "demo-data": lambda say: demo_data.provision_demo_data(settings, say),
    }
    if wanted.step in {"back-up-vault", "restore-vault"}:
        act = back_up_vault if wanted.step == "back-up-vault" else restore_vault
        return {wanted.step: lambda say: act(settings, say, file=wanted.file)}
    if wanted.step != "all":
        return {wanted.step: steps[wanted.step]}
    if not wanted.demo:
        del steps["demo-data"]
    return steps


def _host(text: str) -> str:
    if re.fullmatch(r"(\*\.)?[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+", text) is None:
        raise argparse.ArgumentTypeError(f"{text!r} is neither a host name nor an address")
    return text


def _wanted() -> argparse.Namespace:
    parser = _Parser(
        prog="triage provision", description="Prepare servers. Running it again changes nothing."
    )
    steps = parser.add_subparsers(dest="step", required=True, metavar="STEP", parser_class=_Parser)
    for name, text in (
        ("keys", "make the secrets that are missing in SECRETS_FOLDER"),
        ("database", "make roles, databases, grants and tables at DATABASE_ADMIN_URL"),
        ("broker", "make the broker's users at REDIS_ADMIN_URL"),
        ("vault", "write policies, roles and identities at VAULT_ADDR"),
        ("demo-data", "write scenarios into DEMO_FOLDER, and their rows into the ledger"),
        ("all", "do all of these in order, demo-data only with --demo"),
    ):
        step = steps.add_parser(name, help=text, description=text)
        if name in {"keys", "all"}:
            step.add_argument(
                "--tls",
                nargs="*",
                metavar="HOST",
                type=_host,
                help="also make a private authority and a certificate for each server, valid for these names and its own",
            )
        if name in {"database", "all"}:
            step.add_argument(
                "--new-ledger-admin-password",
                action="store_true",
                help="for a vault that has lost its storage, and with it the password that only it knew",
            )
        if name == "all":
            step.add_argument("--demo", action="store_true", help="include demo-data")
    for name, text in (
        ("back-up-vault", "write a snapshot of the vault's storage, which is encrypted with the seal key"),
        ("restore-vault", "load a snapshot into a new vault with the same seal key"),
    ):
        steps.add_parser(name, help=text, description=text).add_argument("file", type=Path, metavar="FILE")
    rotate = steps.add_parser(
        "rotate",
        prog="triage rotate",
        help="replace secrets that are in use",
        description="Replace secrets that are in use.",
    )
    rotate.add_argument(
        "what", choices=("identities", "run-role", "database", "broker", "web-key", "export-key")
    )
    rotate.add_argument(
        "--watch",
        action="store_true",
        help="identities only: keep running, and replace them at half of their lifetime",
    )
    rotate.add_argument(
        "--end-sessions",
        action="store_true",
        help="database and broker only: also end sessions that were opened with an earlier password",
    )
    wanted = parser.parse_args()
    if wanted.step == "rotate" and wanted.watch and wanted.what != "identities":
        rotate.error(f"--watch: {wanted.what} is replaced once; only identities can be watched")
    if wanted.step == "rotate" and wanted.end_sessions and wanted.what not in {"database", "broker"}:
        rotate.error(f"--end-sessions: {wanted.what} has no sessions")
    return wanted


if __name__ == "__main__":
    main()
