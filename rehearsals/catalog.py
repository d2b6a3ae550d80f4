"""All rehearsed attacks, in the order in which they are carried out."""

from rehearsals import changed_records, greedy_runs, half_logins, stolen_credentials, stolen_messages
from rehearsals.attack import Attack

ATTACKS: tuple[Attack, ...] = (
    *stolen_credentials.ATTACKS,
    *greedy_runs.ATTACKS,
    *stolen_messages.ATTACKS,
    *half_logins.ATTACKS,
    *changed_records.ATTACKS,
)
#: By name.
BY_NAME = {attack.name: attack for attack in ATTACKS}
