"""Verifies a bundle: its files, signature, histories and the vault's own lines. Reports problems in plain words."""

import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from zipfile import BadZipFile, ZipFile

from app.contract_file.content import JSON, MANIFEST, MANIFEST_FORMAT, PDF, SIGNATURE
from app.contract_file.document_check import broken_histories, disagreements, shown
from app.contract_file.keys import PublicKeys, SignatureError
from app.contract_file.log_check import check_log
from app.contract_file.log_extract import STRETCHES
from app.reconciliation.verdict import Verdict

#: Limits of a bundle: files, bytes in all, bytes of one document. Larger ones are refused.
_FILES = 100_000
_BYTES = 1_000_000_000
_DOCUMENT = 100_000_000
_BLOCK = 1 << 20
_ENCRYPTED = 0x1
_SENTENCE = 1_000
_ALWAYS = (MANIFEST, SIGNATURE, JSON, PDF)


@dataclass(kw_only=True, slots=True)
class CheckedBundle:
    """The result: problems, and premises that are not proven; the thumbprint of the signing key; and the manifest."""

    problems: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    signed_by: str | None = None
    manifest: Mapping[str, Any] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """FAIL with any problem; PASS only if every premise is proven."""
        if self.problems:
            return Verdict.FAIL
        return Verdict.NOT_ESTABLISHED if self.missing else Verdict.PASS


class _NotABundleError(Exception):
    """The check cannot go on. The text says why."""


def verify(path: Path, keys: PublicKeys | None) -> CheckedBundle:
    """Verify a bundle with a key set. Without one, the signature counts as unproven. Raises OSError."""
    checked = CheckedBundle()
    try:
        with ZipFile(path) as bundle:
            _check(bundle, keys, checked)
    except _NotABundleError as error:
        checked.problems.append(str(error))
    except (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError):
        checked.problems.append("The file is not a ZIP file, or is damaged.")
    return checked


def _check(bundle: ZipFile, keys: PublicKeys | None, checked: CheckedBundle) -> None:
    names = _names(bundle)
    content = _document(bundle, MANIFEST, names)
    signature = _document(bundle, SIGNATURE, names)
    if keys is None:
        checked.problems.append(
            "The signature is unproven: there is no key set to check it with. Name one with --keys."
        )
    else:
        try:
            checked.signed_by = keys.check(signature.decode("ascii", "replace").strip(), content)
        except SignatureError as error:
            checked.problems.append(f"The signature is not valid: {error}.")
    manifest = _parsed(content, MANIFEST)
    if manifest.get("format") != MANIFEST_FORMAT:
        raise _NotABundleError(f"{MANIFEST} is not in the format {MANIFEST_FORMAT}.")
    checked.manifest = manifest
    try:
        listed = {each["name"]: each for each in manifest["files"]}
        checked.problems += _files(bundle, names, listed)
        stated = _parsed(_document(bundle, JSON, names), JSON)
        checked.problems += broken_histories(manifest["decisions"], stated["flags"])
        checked.problems += disagreements(stated, manifest, listed)
        stretches = [name for name in sorted(listed.keys() & names) if name.startswith(STRETCHES)]
        log = check_log(
            manifest, stated["runs"], {name: _document(bundle, name, names) for name in stretches}
        )
        checked.problems += (shown(problem, most=_SENTENCE) for problem in log.problems)
        checked.missing += (shown(premise, most=_SENTENCE) for premise in log.missing)
        _take_up_sides(stated["runs"], checked)
    except (KeyError, TypeError, AttributeError, ValueError):
        raise _NotABundleError(f"{MANIFEST} or {JSON} lacks required content.") from None


def _take_up_sides(runs: Iterable[Mapping[str, Any]], checked: CheckedBundle) -> None:
    """What vault, tools and records showed of each run when the file was exported."""
    premises: dict[str, None] = {}
    for run in runs:
        compared = run.get("compared")
        if compared is None:
            premises[f"vault, tools and records of run {run['run_id']} were not compared at the export"] = (
                None
            )
        elif compared["verdict"] == Verdict.FAIL:
            left = next((each["detail"] for each in compared["left_over"] if each["explanation"] is None), "")
            problem = f"Vault, tools and records of run {run['run_id']} did not agree at the export: {left}"
            checked.problems.append(shown(problem, most=_SENTENCE))
        else:
            premises |= dict.fromkeys(compared["not_proven"])
    checked.missing += (
        shown(premise, most=_SENTENCE) for premise in premises if premise not in checked.missing
    )


def _names(bundle: ZipFile) -> frozenset[str]:
    entries = bundle.infolist()
    if len(entries) > _FILES or sum(each.file_size for each in entries) > _BYTES:
        raise _NotABundleError("The file is larger than any bundle.")
    twice = [name for name, number in Counter(each.filename for each in entries).items() if number > 1]
    if twice:
        raise _NotABundleError(f"{shown(twice[0])} is in the file more than once.")
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
        yield f"{shown(name)} is missing."
    for name in sorted(set(_ALWAYS) - {MANIFEST, SIGNATURE} - listed.keys()):
        yield f"{name} is not in the manifest, which must list it."
    for name in sorted(names - listed.keys() - {MANIFEST, SIGNATURE}):
        yield f"{shown(name)} is not in the manifest: it was added."
    for name in sorted(listed.keys() & names):
        found = _digest(bundle, name)
        if found != listed[name]["sha256"]:
            yield f"{shown(name)} was changed: its SHA-256 is {found}, the manifest says {shown(listed[name]['sha256'])}."


def _digest(bundle: ZipFile, name: str) -> str:
    digest = hashlib.sha256()
    try:
        with bundle.open(name) as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except (BadZipFile, zlib.error, EOFError):
        return "unknown, since the ZIP file is damaged there"
    return digest.hexdigest()
