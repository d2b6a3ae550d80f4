"""To come."""

from collections.abc import Callable

from infra.provision.settings import ProvisioningSettings


def rotate_database(settings: ProvisioningSettings, say: Callable[[str], None]) -> None:
    raise NotImplementedError


def rotate_broker(settings: ProvisioningSettings, say: Callable[[str], None]) -> None:
    raise NotImplementedError


def rotate_web_key(settings: ProvisioningSettings, say: Callable[[str], None]) -> None:
    raise NotImplementedError


def rotate_export_key(settings: ProvisioningSettings, say: Callable[[str], None]) -> None:
    raise NotImplementedError
