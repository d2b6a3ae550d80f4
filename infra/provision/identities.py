"""The rotation of the infrastructure identities: each gets a new SecretID, and no process needs a restart."""

import signal
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from infra.provision.errors import ProvisionError
from infra.provision.secrets_folder import SecretsFolder
from infra.provision.settings import ProvisioningSettings
from infra.provision.vault import vault_client
from infra.vault import identities
from infra.vault.client import VaultClient
from infra.vault.owners import IDENTITIES, ROTATOR, Identity

Say = Callable[[str], None]

#: Seconds between two tries after a failure: the first, and the most.
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
#: Seconds between two signs of life.
_BEAT = 5.0


def rotate(settings: ProvisioningSettings, say: Say, *, watch: bool = False) -> None:
    """Replace the SecretID of each infrastructure identity whose file is in the secrets folder.

    With `watch` again at half of the shortest life, until SIGTERM or SIGINT; a vault that is down, sealed or slow is
    waited for. Otherwise raises `ProvisionError` for what could not be replaced, after all others have been.
    """
    with vault_client(settings) as client:
        rotation = _Rotation(client, settings.secrets, say)
        if watch:
            _Watch(rotation, settings.health_file, say).run()
            return
        failed = rotation.replace_all(IDENTITIES)
        if failed:
            raise ProvisionError("; ".join(failed.values()))


class _Rotation:
    """One round; `shortest_life` is that of the SecretIDs made so far, in seconds."""

    def __init__(self, client: VaultClient, secrets: SecretsFolder, say: Say) -> None:
        self._client = client
        self._secrets = secrets
        self._say = say
        self.shortest_life: int | None = None

    def replace_all(self, wanted: Sequence[Identity]) -> dict[Identity, str]:
        """Those that could not be replaced, and why, in one line each."""
        failed = {}
        with identities.only_one_rotates(self._secrets):
            try:
                token = identities.log_in(self._client, self._secrets, ROTATOR)
            except ProvisionError as error:
                return dict.fromkeys(wanted, str(error))
            if token is None:
                path = self._secrets.path("rotator", "vault-identity.json")
                return dict.fromkeys(
                    wanted, f"the vault refuses {path}: run `triage provision vault`, which renews it"
                )
            for identity in wanted:
                try:
                    self._replace(identity, token)
                except (ProvisionError, OSError) as error:
                    failed[identity] = f"{identity.owner}: {error}"
        return failed

    def _replace(self, identity: Identity, token: str) -> None:
        role_id = identities.role_id_in_file(self._secrets, identity)
        if role_id is None:
            return  # not kept here: others do not see the operator's folder
        life = identities.replace(self._client, self._secrets, identity, token, role_id=role_id)
        self.shortest_life = min(life, self.shortest_life or life)
        self._say(f"{identity.owner}: replaced, good for {life} s")


class _Watch:
    """Rounds for ever. A first round at the start tells how long SecretIDs live; later ones come at half of that."""

    def __init__(self, rotation: _Rotation, health_file: Path | None, say: Say) -> None:
        self._rotation = rotation
        self._health_file = health_file
        self._say = say
        self._stopped = threading.Event()

    def run(self) -> None:
        """Until a signal comes."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stopped.set())
        wanted: Sequence[Identity] = IDENTITIES
        pause, due = _FIRST_PAUSE, time.monotonic()
        while self._rest_until(due):
            began = time.monotonic()
            failed = self._rotation.replace_all(wanted)
            for reason in dict.fromkeys(failed.values()):
                self._say(f"{reason}; trying again in {pause:g} s")
            if failed:
                wanted, due = list(failed), time.monotonic() + pause
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                wanted, pause = IDENTITIES, _FIRST_PAUSE
                due = began + (self._rotation.shortest_life or _LONGEST_PAUSE) / 2

    def _rest_until(self, due: float) -> bool:
        """Wait, with signs of life; false when it is time to end."""
        while not self._stopped.is_set():
            if self._health_file is not None:
                self._health_file.touch()
            rest = due - time.monotonic()
            if rest <= 0:
                return True
            self._stopped.wait(min(rest, _BEAT))
        return False
