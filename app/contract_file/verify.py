"""Verifies a bundle: its files, its signature and its histories. Reports problems in plain words."""

import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from app.contract_file.content import ANSWERS, JSON, MANIFEST, MANIFEST_FORMAT, PDF, SIGNATURE, event_of
from app.contract_file.keys import PublicKeys, SignatureError
from app.review.flag_history import first_broken, state_follows

#: Limits of a bundle: files, bytes in all, bytes of one document. Larger ones are refused.
_FILES = 100_000
_BYTES = 1_000_000_000
_DOCUMENT = 100_000_000
_BLOCK = 1 << 20
_ENCRYPTED = 0x1
_DECIDED = ("status", "decision", "history")
_ALWAYS = (MANIFEST, SIGNATURE, JSON, PDF)


@dataclass(kw_only=True, slots=True)
class CheckedBundle:
    """The result: problems, empty if there are none; the thumbprint of the signing key; and the manifest."""

    problems: list[str] = field(default_factory=list)
    signed_by: str | None = None
    manifest: Mapping[str, Any] = field(default_factory=dict)


class _NotABundleError(Exception):
    """The check cannot go on. The text says why."""


def verify(path: Path, keys: PublicKeys | None) -> CheckedBundle:
    """Verify a bundle with a key set. Without one, the signature counts as unproven. Raises OSError."""
    verdict = CheckedBundle()
    try:
        with ZipFile(path) as bundle:
            _check(bundle, keys, verdict)
    except _NotABundleError as error:
        verdict.problems.append(str(error))
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError):
        verdict.problems.append("The file is not a ZIP file, or is damaged.")
    return verdict


def _check(bundle: ZipFile, keys: PublicKeys | None, verdict: CheckedBundle) -> None:
    names = _names(bundle)
    content = _document(bundle, MANIFEST, names)
    signature = _document(bundle, SIGNATURE, names)
    if keys is None:
        verdict.problems.append(
            "The signature is unproven: there is no key set to check it with. Name one with --keys."
        )
    else:
        try:
            verdict.signed_by = keys.check(signature.decode("ascii", "replace").strip(), content)
        except SignatureError as error:
            verdict.problems.append(f"The signature is not valid: {error}.")
    manifest = _parsed(content, MANIFEST)
    if manifest.get("format") != MANIFEST_FORMAT:
        raise _NotABundleError(f"{MANIFEST} is not in the format {MANIFEST_FORMAT}.")
    verdict.manifest = manifest
    try:
        listed = {each["name"]: each for each in manifest["files"]}
        verdict.problems += _files(bundle, names, listed)
        stated = _parsed(_document(bundle, JSON, names), JSON)
        verdict.problems += _histories(manifest["decisions"], stated["flags"])
        verdict.problems += _agreement(stated, manifest, listed)
    except (KeyError, TypeError, AttributeError):
        raise _NotABundleError(f"{MANIFEST} or {JSON} lacks required content.") from None


def _names(bundle: ZipFile) -> frozenset[str]:
    entries = bundle.infolist()
    if len(entries) > _FILES or sum(each.file_size for each in entries) > _BYTES:
        raise _NotABundleError("The file is larger than any bundle.")
    twice = [name for name, number in Counter(each.filename for each in entries).items() if number > 1]
    if twice:
        raise _NotABundleError(f"{_shown(twice[0])} is in the file more than once.")
    if any(each.flag_bits & _ENCRYPTED for each in entries):
        raise _NotABundleError("The file is encrypted; bundles are not.")
    return frozenset(each.filename for each in entries)


def _document(bundle: ZipFile, name: str, names: frozenset[str]) -> bytes:
    if name not in names:
        raise _NotABundleError(f"{name} is missing, so nothing can be checked.")
    if bundle.getinfo(name).file_size > _DOCUMENT:
        raise _NotABundleError(f"{name} is larger than in any bundle.")
    return bundle.read(name)


def _parsed(content: bytes, name: str) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise _NotABundleError(f"{name} cannot be read.")
    return document


def _files(bundle: ZipFile, names: frozenset[str], listed: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(listed.keys() - names):
        yield f"{_shown(name)} is missing."
    for name in sorted(set(_ALWAYS) - {MANIFEST, SIGNATURE} - listed.keys()):
        yield f"{name} is not in the manifest, which must list it."
    for name in sorted(names - listed.keys() - {MANIFEST, SIGNATURE}):
        yield f"{_shown(name)} is not in the manifest: it was added."
    for name in sorted(listed.keys() & names):
        found = _digest(bundle, name)
        if found != listed[name]["sha256"]:
            yield f"{_shown(name)} was changed: its SHA-256 is {found}, the manifest says {_shown(listed[name]['sha256'])}."


def _digest(bundle: ZipFile, name: str) -> str:
    digest = hashlib.sha256()
    try:
        with bundle.open(name) as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except (BadZipFile, zlib.error, EOFError):
        return "unknown, since the ZIP file is damaged there"
    return digest.hexdigest()


def _histories(decisions: list[dict[str, Any]], flags: list[dict[str, Any]]) -> Iterator[str]:
    assignees = {each["flag_id"]: each["assignee"] for each in flags}
    for each in decisions:
        which = f"{each['rule']} {each['subject']} ({each['flag_id']})"
        try:
            events = [event_of(stated) for stated in each["history"]]
        except (KeyError, ValueError, TypeError):
            yield f"The history of finding {_shown(which)} cannot be read."
            continue
        broken = first_broken(events, version=each["events"])
        if broken is None and any(str(event.flag_id) != each["flag_id"] for event, _ in events):
            broken = 1
        if broken is not None:
            yield f"The history of finding {_shown(which)} is broken: event {broken} was changed or is missing."
        elif not state_follows(
            [event for event, _ in events],
            status=each["status"],
            decision=each["decision"],
            assignee=assignees.get(each["flag_id"]),
        ):
            yield f"The state of finding {_shown(which)} does not follow from its history: it was changed without an event."


def _agreement(
    stated: Mapping[str, Any], manifest: Mapping[str, Any], listed: Mapping[str, Any]
) -> Iterator[str]:
    """Check that `contract-file.json` agrees with the manifest, and that the answers are those received."""
    # Bundles of earlier versions do not have the last one.
    for name in ("exported_at", "exported_by", "tool", "ends_not_confirmed"):
        if stated.get(name) != manifest.get(name):
            yield f"{JSON} and the manifest differ in {name}."
    if stated["action"]["action_id"] != manifest["action_id"]:
        yield f"{JSON} and the manifest name different actions."
    if [run["run_id"] for run in stated["runs"]] != manifest["runs"]:
        yield f"{JSON} and the manifest name different runs."
    if [each for run in stated["runs"] for each in run["credentials"]] != manifest["credentials"]:
        yield f"{JSON} and the manifest differ in the lineage of credentials."
    decided = {each["flag_id"]: [each[name] for name in _DECIDED] for each in stated["flags"]}
    if decided != {each["flag_id"]: [each[name] for name in _DECIDED] for each in manifest["decisions"]}:
        yield f"{JSON} and the manifest differ in the decisions."
    received = {f"{ANSWERS}{call['call_id']}": call for run in stated["runs"] for call in run["calls"]}
    for name in sorted(name for name in listed if name.startswith(ANSWERS)):
        if name not in received:
            yield f"{_shown(name)} does not belong to any call of these runs."
        elif received[name]["answer_digest"] != listed[name]["sha256"]:
            yield f"{_shown(name)} is not the answer that was received: the call recorded another SHA-256."


def _shown(text: object) -> str:
    """A name from an untrusted file, on one line and cut to its length."""
    return "".join(letter if letter.isprintable() else "�" for letter in str(text))[:200]
