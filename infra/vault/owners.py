"""The infrastructure identities: which of our processes has which AppRole."""

from dataclasses import dataclass

IDENTITY_FILE = "vault-identity.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class Identity:
    """One AppRole with a policy of the same name, and the owner of its file in the secrets folder.

    Those in custody serve the operator of the installation, and live long enough to outlast a long stop.
    """

    role: str
    owner: str
    in_custody: bool = False


OPERATOR = Identity(role="triage-operator", owner="operator", in_custody=True)
ROTATOR = Identity(role="triage-rotator", owner="rotator", in_custody=True)
BACKUP = Identity(role="triage-backup", owner="backup", in_custody=True)
IDENTITIES = (
    Identity(role="triage-dispatcher", owner="dispatcher"),
    Identity(role="triage-sweeper", owner="sweeper"),
    Identity(role="triage-auditor", owner="web"),
    Identity(role="triage-switch", owner="switch"),
    OPERATOR,
    ROTATOR,
    BACKUP,
)
