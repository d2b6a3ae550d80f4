"""The rotation of the infrastructure identities."""

from collections.abc import Callable

from infra.provision.settings import ProvisioningSettings


def rotate(settings: ProvisioningSettings, say: Callable[[str], None], *, watch: bool = False) -> None:
    """Replace the SecretID of each infrastructure identity; with `watch` for ever, at half of each lifetime."""
    raise NotImplementedError
