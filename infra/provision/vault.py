"""The vault's policies, roles and identities."""

from collections.abc import Callable

from infra.provision.settings import ProvisioningSettings


def provision_vault(settings: ProvisioningSettings, say: Callable[[str], None]) -> None:
    """Prepare the vault at VAULT_ADDR, saying each change."""
    raise NotImplementedError
