"""To come."""

from collections.abc import Callable

from infra.provision.settings import ProvisioningSettings


def provision_demo_data(settings: ProvisioningSettings, say: Callable[[str], None]) -> None:
    raise NotImplementedError
