"""The machine-readable content of a contract file: `contract-file.json`, and the parts that the manifest repeats."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from app import __version__
from app.contract_file.histories import chain_holds, earlier_fields, event_fields
from app.contract_file.log_extract import LogExtract
from app.contract_file.run_content import Fields, ends_not_confirmed, row_fields, run_content
from app.procurement.rules import RULES
from app.review.checks import checks
from app.review.queries.filed_documents import ActionFile, FiledFlag
from app.review.queries.runs import run_fields
from app.review.roles import Person

#: Formats of the two documents. An incompatible change gets a new number.
FILE_FORMAT = "triage-contract-file/1"
MANIFEST_FORMAT = "triage-manifest/1"
#: Files of a bundle.
PDF, JSON, MANIFEST, SIGNATURE, ANSWERS = (
    "contract-file.pdf",
    "contract-file.json",
    "manifest.json",
    "manifest.jws",
    "answers/",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Occasion:
    """When and by whom an export is made. `far` is the FAR version in force, "rfo" or "codified"."""

    at: datetime
    by: Person
    far: str
    demo: bool

    def stated(self) -> Fields:
        """The same as JSON values."""
        return {
            "exported_at": self.at.astimezone(UTC).isoformat(),
            "exported_by": {"subject": self.by.subject, "name": self.by.name},
            "tool": {"name": "triage", "version": __version__},
            "far_in_force": self.far,
            "demonstration": self.demo,
        }


def contract_file(file: ActionFile, log: LogExtract, occasion: Occasion) -> Fields:
    """Everything stored about one action. Times are UTC in ISO 8601; amounts are text."""
    return {
        "format": FILE_FORMAT,
        **occasion.stated(),
        "action": row_fields(file.action),
        "sign_off": {
            "ready": file.sign_off.ready,
            "checklist": [asdict(point) for point in file.sign_off.checklist],
        },
        "latest_completed_run": str(file.latest) if file.latest else None,
        "flags": [_flag(flag) for flag in file.flags],
        "checks": {str(run.run.run_id): [asdict(check) for check in checks(file, run)] for run in file.runs},
        "runs": [run_content(run, occasion.at) for run in file.runs],
        "ends_not_confirmed": ends_not_confirmed(file, occasion.at),
        "vault_log": log.stated(),
        "other_runs": [run_fields(run) for run in file.other_runs],
        "other_runs_not_listed": file.more_runs,
    }


def manifest(
    file: ActionFile, log: LogExtract, occasion: Occasion, files: Mapping[str, tuple[str, int]]
) -> Fields:
    """The signed document. `files` gives SHA-256 (hex) and size in bytes of each other file by name."""
    return {
        "format": MANIFEST_FORMAT,
        **occasion.stated(),
        "action_id": file.action.action_id,
        "files": [
            {"name": name, "sha256": digest, "bytes": size} for name, (digest, size) in sorted(files.items())
        ],
        "runs": [str(run.run.run_id) for run in file.runs],
        "rules": {
            "of_the_flags": _versions(file),
            "of_the_tool": {rule.id: rule.version for rule in RULES},
        },
        "identities": identities(file),
        "credentials": credentials(file),
        "ends_not_confirmed": ends_not_confirmed(file, occasion.at),
        "vault_log": log.stated(),
        "decisions": decisions(file),
    }


def identities(file: ActionFile) -> list[Fields]:
    """The identity of each attempt, by identifiers that name or end it at the vault but cannot be used."""
    return [row_fields(attempt) for run in file.runs for attempt in run.attempts]


def credentials(file: ActionFile) -> list[Fields]:
    """Every credential recorded in these runs: its fingerprint and identifiers at the vault, never the secret."""
    return [row_fields(credential) for run in file.runs for credential in run.credentials]


def decisions(file: ActionFile) -> list[Fields]:
    """The state and the history of every flag, each event with the digest that chains it to the one before."""
    return [
        {
            "flag_id": str(each.flag.flag_id),
            "rule": each.flag.rule,
            "rule_version": each.flag.rule_version,
            "subject": each.flag.subject,
            "status": each.flag.status,
            "decision": each.flag.decision,
            "office": each.flag.office,
            "due_on": each.flag.due_on.isoformat() if each.flag.due_on else None,
            "events": each.flag.version,
            "history": [event_fields(event, digest) for event, digest in each.history],
            "earlier": earlier_fields(each),
        }
        for each in file.flags
    ]


def serialised(document: Fields) -> bytes:
    """The bytes of a document. Equal content gives equal bytes."""
    return (json.dumps(document, ensure_ascii=False, indent=1, default=str) + "\n").encode()


def _versions(file: ActionFile) -> dict[str, list[int]]:
    """The versions of each rule with findings. Earlier runs may have used earlier versions."""
    pairs = sorted({(each.flag.rule, each.flag.rule_version) for each in file.flags})
    return {rule: [version for other, version in pairs if other == rule] for rule, _ in pairs}


def _flag(each: FiledFlag) -> Fields:
    return {
        **row_fields(each.flag, without={"search"}),
        "history_holds": chain_holds(each),
        "history": [event_fields(event, digest) for event, digest in each.history],
        "earlier": earlier_fields(each),
        "decided_before": [event_fields(event, digest) for event, digest in each.remembered],
        "values": [
            {**row_fields(line.value), "evidence": row_fields(line.evidence) if line.evidence else None}
            for line in each.values
        ],
    }
