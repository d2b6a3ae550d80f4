"""What each kind of alarm means, and what a security operator does about it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AlarmKind:
    """One kind of alarm: what happened, and the first thing to do."""

    meaning: str
    action: str


ALARM_KINDS: Mapping[str, AlarmKind] = {
    "stolen message": AlarmKind(
        "An identity logged in to the vault before any worker had taken its message. Somebody read the message on its"
        " way. What was issued to it has been ended, or is not confirmed yet.",
        "Treat the broker as compromised.",
    ),
    "unknown identity": AlarmKind(
        "An identity logged in that names no run or attempt of this system, or an attempt that had ended. Its"
        " credentials have been ended, or are not confirmed yet.",
        "Find out who can mint identities: treat the dispatcher as compromised.",
    ),
    "second identity": AlarmKind(
        "A second identity logged in for the same attempt. The attempt and all its credentials have been ended.",
        "Treat the dispatcher and the broker as compromised.",
    ),
    "beyond the plan": AlarmKind(
        "A run obtained a credential that its plan does not need, or a second one for the same system. The run has"
        " been stopped.",
        "Treat the worker of that attempt as compromised.",
    ),
    "credential of another run": AlarmKind(
        "A run obtained a credential under the name of another run. Both are ended by the vault’s own record.",
        "Treat the worker of that attempt as compromised.",
    ),
    "opened before its worker": AlarmKind(
        "A wrapped identity was opened before a worker had taken its attempt. Somebody read the message on its way.",
        "Treat the broker as compromised.",
    ),
    "refused logins": AlarmKind(
        "The vault refused logins. Somebody tries identities, or a process holds an old one.",
        "Compare the addresses in the vault’s log with those of your processes.",
    ),
    "end not confirmed": AlarmKind(
        "More than a minute after an attempt ended, the vault has not confirmed that its credentials are dead.",
        "Treat the credentials as valid. Repair what the page of the run names as the reason.",
    ),
    "vault log unreadable": AlarmKind(
        "The sweeper cannot read the vault’s log. It ends credentials from the records of the workers, and asks the"
        " vault about each. What a worker did not record is missed until the log can be read.",
        "Make the log readable for the sweeper. Then compare the runs of that time with the log.",
    ),
    "database user without a lease": AlarmKind(
        "A database had a user that the vault did not know. Its lease was ended by force, or its creation was"
        " interrupted. The sweeper has ended the user.",
        "Find out who ended leases by force.",
    ),
    "record names another's credential": AlarmKind(
        "A worker recorded an accessor or a lease that the vault gave to another run. It was left alone.",
        "Treat that worker as compromised.",
    ),
    "unknown message": AlarmKind(
        "A worker dropped a message that the dispatcher never sends. Somebody else writes into the queue.",
        "Treat the broker as compromised.",
    ),
    "introduction refused": AlarmKind(
        "A worker could not open its wrapped identity, or could not log in with it. It was used, it expired, or it"
        " was made elsewhere. The run starts again with a new identity.",
        "Treat it as a possible theft: compare the vault’s log of that run.",
    ),
}

#: For a kind that this version does not know.
UNKNOWN_KIND = AlarmKind("This version has no explanation for this alarm.", "Read its details.")
