"""A snapshot of the vault, loaded into a new one."""

import pytest

from infra.provision.errors import ProvisionError
from infra.provision.vault import back_up_vault, restore_vault


def test_x(installation, tmp_path, start):
    said = []
    back_up_vault(installation.settings(), said.append, file=tmp_path / "snapshot")
    held = installation.log_in("operator")
    with pytest.raises(ProvisionError, match="has data already"):
        restore_vault(installation.settings(), said.append, file=tmp_path / "snapshot")
    installation.roster.stop("vault")
    import shutil

    shutil.rmtree(installation.folder / "data")
    installation.start_vault()
    import time

    t = time.time()
    restore_vault(installation.settings(), said.append, file=tmp_path / "snapshot")
    print(time.time() - t)
    print(said)
    print(installation.provision())
    print(installation.ledger_credential())
    assert 0
