"""Rotates the infrastructure identities: each gets a new SecretID, without a restart of its process."""

import signal
import threading
import time
from collections.abc import Sequence

from infra.provision.settings import ProvisioningSettings
from infra.provision.vault_setup import vault_client
from infra.reporting import ProvisionError, Say
from infra.secrets_folder import SecretsFolder
from infra.vault import secret_ids
from infra.vault.client import VaultClient
from infra.vault.owners import IDENTITIES, IDENTITY_FILE, ROTATOR, Identity
from workers.runtime.lifecycle import HealthFile
from workers.runtime.rounds import RoundFailedError, Rounds

#: Seconds of a life that no round has shown yet.
_UNKNOWN_LIFE = 120
#: Seconds for each answer of the vault. A round makes several calls for each identity, without touching the health file.
_TIMEOUT = 5.0
#: Seconds between two touches of the health file.
_BEAT = 5.0


def rotate(settings: ProvisioningSettings, say: Say, *, watch: bool = False) -> None:
    """Replace the SecretID of each infrastructure identity whose file is in the secrets folder.

    With `watch`, repeat it at half of the shortest lifetime until SIGTERM or SIGINT, and wait for a vault that is down,
    sealed or slow. Otherwise raise `ProvisionError` for those that could not be replaced, after all others.
    """
    with vault_client(settings, timeout=_TIMEOUT) as client:
        rotation = _Rotation(client, settings.secrets, say)
        if watch:
            _Watch(rotation, HealthFile(settings.health_file), say).run()
            return
        failed = rotation.replace_all(IDENTITIES)
        if failed:
            raise ProvisionError(_words(failed))


def _words(failed: dict[Identity, str]) -> str:
    return "; ".join(dict.fromkeys(failed.values()))


class _Rotation:
    """Replaces identities, round after round."""

    def __init__(self, client: VaultClient, secrets: SecretsFolder, say: Say) -> None:
        self._client = client
        self._secrets = secrets
        self._say = say
        self._lives: dict[Identity, int] = {}

    @property
    def shortest_life(self) -> int | None:
        """In seconds, of the current SecretIDs; None before the first round."""
        return min(self._lives.values(), default=None)

    def replace_all(self, wanted: Sequence[Identity]) -> dict[Identity, str]:
        """Replace identities; returns those that failed, with the reason in one line."""
        failed = {}
        try:
            with secret_ids.only_one_rotates(self._secrets):
                token = secret_ids.must_log_in(self._client, self._secrets, ROTATOR)
                for identity in wanted:
                    try:
                        self._replace(identity, token)
                    except (ProvisionError, OSError) as error:
                        failed[identity] = f"{identity.owner}: {error}"
        except (ProvisionError, OSError) as error:
            return dict.fromkeys(wanted, str(error))
        return failed

    def _replace(self, identity: Identity, token: str) -> None:
        role_id = secret_ids.role_id_in_file(self._secrets, identity)
        if role_id is None:
            # Not in this folder: the operator's folder, for example, is not given to a job that runs all the time.
            self._say(f"{identity.owner}: no {IDENTITY_FILE} here, skipped")
            return
        life = secret_ids.replace(self._client, self._secrets, identity, token, role_id=role_id)
        self._lives[identity] = life
        self._say(f"{identity.owner}: replaced, valid for {life} s")


class _Watch:
    """Repeats rounds. The first one, at the start, shows how long SecretIDs live; the next come at half of that."""

    def __init__(self, rotation: _Rotation, health: HealthFile, say: Say) -> None:
        self._rotation = rotation
        self._health = health
        self._stopped = threading.Event()
        self._wanted: Sequence[Identity] = IDENTITIES
        self._rounds = Rounds(
            "rotating identities", self._replace, say=lambda why: say(f"{why}; trying again")
        )

    def run(self) -> None:
        """Run until a signal arrives."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stopped.set())
        while not self._stopped.is_set():
            began = time.monotonic()
            if pause := self._rounds.carry_out():
                self._rest_until(time.monotonic() + pause)
            else:
                self._rest_until(began + (self._rotation.shortest_life or _UNKNOWN_LIFE) / 2)

    def _replace(self) -> None:
        """Replace what is due: after a failure only what failed."""
        if failed := self._rotation.replace_all(self._wanted):
            self._wanted = list(failed)
            raise RoundFailedError(_words(failed))
        self._wanted = IDENTITIES

    def _rest_until(self, due: float) -> None:
        """Wait until then or until a signal, and touch the health file."""
        while not self._stopped.is_set():
            self._health.touch(self._rounds.problem)
            rest = due - time.monotonic()
            if rest <= 0:
                return
            self._stopped.wait(min(rest, _BEAT))
