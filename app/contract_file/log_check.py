"""Checks the part of the vault's log in a bundle: its chain, its agreement with the records, and what it rests on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from app.contract_file.log_agreement import LogAgreement
from app.contract_file.log_extract import FiledStretch
from app.credentials.vault_line import time_of
from app.reconciliation.verdict import Verdict

#: How soon a line must be anchored: until then nobody would notice that it was changed.
_SOON = timedelta(minutes=1)


@dataclass(kw_only=True, slots=True)
class CheckedLog:
    """`problems` contradict the file. `missing` are premises that are not proven; without them nothing is established."""

    problems: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)

    @property
    def verdict(self) -> Verdict:
        """FAIL with any problem; PASS only if every premise is proven."""
        return Verdict.FAIL if self.problems else Verdict.NOT_ESTABLISHED if self.missing else Verdict.PASS


def check_log(
    manifest: Mapping[str, Any], runs: Sequence[Mapping[str, Any]], contents: Mapping[str, bytes]
) -> CheckedLog:
    """Check what the manifest and its runs in `contract-file.json` record against the vault's lines.

    `contents` gives the file of each stretch by name; Raises KeyError,
    TypeError, AttributeError or ValueError if required content is missing.
    """
    if "vault_log" not in manifest:
        earlier = "the file holds no lines of the vault's log: an earlier version of this program made it"
        return CheckedLog(missing=[earlier])
    log, found = manifest["vault_log"], CheckedLog()
    stated_by_name = {stated["name"]: stated for stated in log["stretches"]}
    lines: list[bytes] = []
    for name in sorted(stated_by_name.keys() | contents.keys()):
        if name not in contents:
            found.problems.append(f"The lines of the vault's log in {name} are missing.")
        elif name not in stated_by_name:
            found.problems.append(f"{name} does not belong to any stretch of the vault's log.")
        else:
            stretch = FiledStretch.of(stated_by_name[name], contents[name])
            lines += (line for line, _ in stretch.lines())
            _check_stretch(name, stretch, found)
    incomplete = set()
    for run_id in manifest["runs"]:
        stated = log["runs"].get(run_id)
        gaps = (
            ["the file does not say which part of the vault's log it holds"]
            if stated is None
            else stated["gaps"]
        )
        if gaps:
            incomplete.add(run_id)
        found.missing += (f"{premise} (run {run_id})" for premise in gaps)
        found.missing += stated["missing"] if stated else ()
    if stated_by_name.keys() <= contents.keys():
        _check_agreement(manifest, runs, LogAgreement(lines, incomplete=incomplete), found)
    found.missing = list(dict.fromkeys(found.missing))
    return found


def _check_stretch(name: str, stretch: FiledStretch, found: CheckedLog) -> None:
    if difference := stretch.difference():
        found.problems.append(f"{name} {difference}.")
    for line, anchor in stretch.lines():
        written = time_of(line)
        if written is not None and anchor.at - written > _SOON:
            found.missing.append(
                f"a line in {name} was written at {written:%Y-%m-%d %H:%M:%S} and read at {anchor.at:%Y-%m-%d %H:%M:%S}:"
                " nothing proves that it was not changed before"
            )
            return


def _check_agreement(
    manifest: Mapping[str, Any], runs: Sequence[Mapping[str, Any]], vault: LogAgreement, found: CheckedLog
) -> None:
    attempts = [each for run in runs for each in run["attempts"]]
    if attempts != manifest["identities"]:
        found.problems.append("contract-file.json and the manifest differ in the identities.")
    credentials = manifest["credentials"]
    known = {each["request_id"] for each in credentials}
    known |= {each["login_request_id"] for each in attempts}
    known |= {each["request_id"] for run in runs for each in run["not_recorded_by_the_worker"]}
    found.problems += vault.of_identities(manifest["identities"])
    found.problems += vault.of_credentials(credentials)
    found.problems += vault.of_unknown(known)
