"""What each kind of alarm means, and what a security operator does about it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class AlarmSeverity(StrEnum):
    """How soon somebody must look: at once, the same day, or within the week."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"


@dataclass(frozen=True, slots=True)
class AlarmKind:
    """One kind of alarm: what happened, and the first thing to do.

    `play` is the heading of the part of docs/runbook.md that says how.
    """

    meaning: str
    action: str
    severity: AlarmSeverity = AlarmSeverity.HIGH
    play: str = "After a compromise"

    @property
    def anchor(self) -> str:
        """The address of that part within a published runbook, as forges make it of a heading."""
        return re.sub(r"[^a-z0-9 -]", "", self.play.lower()).replace(" ", "-")


ALARM_KINDS: Mapping[str, AlarmKind] = {
    "message stolen": AlarmKind(
        "A wrapped identity was opened or used before any worker had taken its message. Somebody read the message on"
        " its way. The attempt has been ended, with what was issued to it.",
        "Treat the broker as compromised.",
        AlarmSeverity.CRITICAL,
    ),
    "second login": AlarmKind(
        "An identity logged in for an attempt that had logged in before. The attempt has been ended.",
        "Treat the dispatcher and the broker as compromised.",
        AlarmSeverity.CRITICAL,
    ),
    "identity without a run": AlarmKind(
        "An identity of the agent that names no run used the vault. What was issued to it is being ended.",
        "Find out who can mint identities. Treat the dispatcher as compromised.",
        AlarmSeverity.CRITICAL,
    ),
    "identity of an unknown attempt": AlarmKind(
        "An identity names an attempt that this system does not know. What was issued to it is being ended.",
        "Find out who can mint identities. Treat the dispatcher as compromised.",
        AlarmSeverity.CRITICAL,
    ),
    "identity of an ended attempt": AlarmKind(
        "An identity was used after its attempt had ended. What was issued to it is being ended.",
        "Treat the worker of that attempt as compromised.",
        AlarmSeverity.CRITICAL,
    ),
    "more credentials than planned": AlarmKind(
        "A run obtained a credential that its plan does not need, or one twice, or one before it had a plan. The"
        " attempt has been ended.",
        "Treat the worker of that attempt as compromised.",
        AlarmSeverity.CRITICAL,
    ),
    "credential in another's name": AlarmKind(
        "A run obtained a credential that names another run. The attempt has been ended.",
        "Treat the worker of that attempt as compromised.",
        AlarmSeverity.CRITICAL,
    ),
    "answer hidden from the log": AlarmKind(
        "The vault issued something in a way that hides it from its log, so that its end may not be confirmed. The"
        " attempt has been ended.",
        "Treat the worker of that attempt as compromised, and what it obtained as valid for 15 minutes.",
        AlarmSeverity.CRITICAL,
    ),
    "record names another's credential": AlarmKind(
        "A worker recorded an accessor or a lease that the vault gave to another run. It was left alone.",
        "Treat that worker as compromised.",
        AlarmSeverity.CRITICAL,
    ),
    "introduction refused": AlarmKind(
        "A worker could not open its wrapped identity, or could not log in with it. It was used, it expired, or it"
        " was made elsewhere. The run starts again with a new identity.",
        "Treat it as a possible theft. Compare the vault’s log of that run.",
    ),
    "logins refused": AlarmKind(
        "The vault refused logins. Somebody tries identities, or a process holds an old one.",
        "Compare the addresses with those of your processes.",
    ),
    "unknown message": AlarmKind(
        "A worker dropped a message that the dispatcher never sends. Somebody else writes into the queue.",
        "Treat the broker as compromised.",
    ),
    "end not confirmed": AlarmKind(
        "More than a minute after an attempt ended, the vault has not confirmed that its credentials are dead.",
        "Treat the credentials as valid. Repair what the page of the run names as the reason.",
        play="What waits, and why",
    ),
    "database user without a lease": AlarmKind(
        "A database had a user that the vault did not know, and the vault’s log shows no interruption that explains it. Its"
        " lease was ended by force, or somebody else created it. The sweeper has ended the user.",
        "Find out who ended leases by force.",
    ),
    "login changed": AlarmKind(
        "The password or settings of one of this system’s own database logins were changed. The details say whether they were"
        " restored.",
        "Treat the process that uses this login as compromised.",
        AlarmSeverity.CRITICAL,
    ),
    "clock differs": AlarmKind(
        "The clock of a process or of the vault is more than 5 seconds from the database’s. Leases and expiry go by the"
        " database’s clock, so no run is lost. Tools may refuse signed tokens, and times in logs do not match.",
        "Set the clock of that machine, and find out why it was not synchronized. The state page shows all clocks.",
        AlarmSeverity.MEDIUM,
        play="What waits, and why",
    ),
    "vault log unreadable": AlarmKind(
        "The sweeper cannot read the vault’s log. It ends credentials from the records of the workers, and asks the"
        " vault about each. It misses what no worker recorded, until it can read the log.",
        "Make the log readable for the sweeper. Then compare the runs of that time with the log.",
        play="What waits, and why",
    ),
    "vault log changed": AlarmKind(
        "The vault’s log was cut, replaced or removed, or lines of it could not be read.",
        "Find out who changed it. A planned rotation keeps the earlier file beside the new one.",
        AlarmSeverity.CRITICAL,
    ),
    "vault log edited": AlarmKind(
        "Lines of the vault’s log that had been read were changed, or are no longer there. The details name the first"
        " such line. `triage audit verify` says the same.",
        "Find out who can write the file. Compare it with the second audit device.",
        AlarmSeverity.CRITICAL,
    ),
    "vault log devices differ": AlarmKind(
        "One audit device of the vault lacks entries that the other one has.",
        "Find out whether a device failed, or who can write its file. Compare both files from that time on.",
        AlarmSeverity.CRITICAL,
    ),
    "credential not recorded": AlarmKind(
        "The vault issued a credential that no worker recorded, though the worker of that attempt was not lost.",
        "Treat the worker of that attempt as compromised.",
    ),
    "record without a credential": AlarmKind(
        "A credential is recorded that the vault’s log does not show. The record is wrong, or lines of the log are missing.",
        "Find out who wrote the record, and whether the log is whole.",
    ),
    "record contradicts the vault": AlarmKind(
        "What is recorded of a credential differs from what the vault’s log says of it.",
        "Find out who changed the record. Do not rely on the ends that it states.",
    ),
    "use of an unknown credential": AlarmKind(
        "A tool saw a credential, or a login, that belongs to no run.",
        "Find out where it came from. Treat the tool’s key as known to somebody else.",
    ),
    "use after the end": AlarmKind(
        "A credential was used after it or its attempt had ended.",
        "Treat the worker of that attempt as compromised. A signed token stays valid for two minutes.",
    ),
    "use from elsewhere": AlarmKind(
        "A credential was used from an address that is not its worker’s, or at a tool that it is not for.",
        "Find the machine with that address. Treat the worker of that attempt as compromised.",
    ),
    "use not recorded": AlarmKind(
        "A tool saw a credential more often than its run recorded calls.",
        "Treat the worker of that attempt as compromised. Compare the tool’s log with the calls of the run.",
    ),
    "recorded call never seen": AlarmKind(
        "A run recorded answers of a tool that has not seen its credential as often.",
        "Do not rely on the values of that run. Treat its worker as compromised.",
    ),
    "access switched": AlarmKind(
        "A person cut off the agent, a tool, a worker, a run or a credential, or let it on again. The details say who, and why.",
        "If nobody of yours did it, treat the account of that person as compromised.",
        AlarmSeverity.MEDIUM,
    ),
    "switch not confirmed": AlarmKind(
        "A person ordered a switch, and ten seconds later it was not confirmed. It may have no effect.",
        "Look at the page of the switches for the reason. If it stays, disable the agent’s entity at the vault yourself.",
        AlarmSeverity.CRITICAL,
    ),
    "tool log changed": AlarmKind(
        "The log of a tool was cut, replaced or removed, perhaps before it was read to its end. What was used there before"
        " is not established.",
        "Find out who changed it. A planned rotation renames the file and keeps it beside the new one.",
        AlarmSeverity.HIGH,
    ),
}

#: For a kind that this version does not know.
UNKNOWN_KIND = AlarmKind("This version has no explanation for this alarm.", "Read its details.")


def kind_of(name: str) -> AlarmKind:
    """What this kind means, also if this version does not know it."""
    return ALARM_KINDS.get(name, UNKNOWN_KIND)


def kinds_of(severity: AlarmSeverity) -> list[str]:
    """The names of all kinds of a severity."""
    return [name for name, kind in ALARM_KINDS.items() if kind.severity is severity]
