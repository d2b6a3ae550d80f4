"""To come."""

from collections.abc import Callable, Sequence

from infra.provision.settings import ProvisioningSettings


def provision_keys(
    settings: ProvisioningSettings, say: Callable[[str], None], *, hosts: Sequence[str] | None = None
) -> None:
    raise NotImplementedError
