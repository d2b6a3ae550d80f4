"""The data of the emulated systems: scenario files for the tools, rows for the ledger."""

import filecmp
import shutil
from pathlib import Path

from app.connections.secret_files import SettingsError
from infra.provision.database import administered, reported
from infra.provision.database_passwords import login_passwords
from infra.provision.logins import DATABASE_OWNERS, LEDGER
from infra.provision.settings import ProvisioningSettings
from infra.reporting import Say
from known_answers.scenarios.generator import write
from known_answers.scenarios.loader import ScenarioError
from mocks.ledger.load import load


def provision_demo_data(settings: ProvisioningSettings, say: Say) -> None:
    """Write scenarios into DEMO_FOLDER and their rows into the ledger, if they differ.

    Raises ProvisionError, SettingsError and OSError.
    """
    folder = Path(settings.need("demo_folder"))
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Always of the same name: one that a killed process left behind is replaced.
    draft = folder.parent / f".{folder.name}.draft"
    shutil.rmtree(draft, ignore_errors=True)
    try:
        write(draft, actions=settings.demo_actions, seed=settings.demo_seed)
        if not _is_same(draft, folder):
            write(folder, actions=settings.demo_actions, seed=settings.demo_seed)
            say(f"scenarios: {settings.demo_actions} actions written into {folder}")
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    load_ledger(settings, folder, say)


def load_ledger(settings: ProvisioningSettings, scenarios: Path, say: Say) -> None:
    """Write the rows of the scenarios in a folder into the ledger at DATABASE_ADMIN_URL.

    Raises ProvisionError, and SettingsError for invalid scenarios.
    """
    owner = DATABASE_OWNERS[LEDGER]
    server, passwords = administered(settings), login_passwords(settings)
    with reported():
        server.wait(setting="DATABASE_ADMIN_URL", patience=settings.provision_patience).close()
        server.connect(LEDGER, user=owner, password=passwords[owner]).close()
        try:
            rows, changed = load(
                scenarios, **server.parameters(LEDGER, user=owner, password=passwords[owner])
            )
        except ScenarioError as error:
            raise SettingsError(f"DEMO_FOLDER: {error}") from None
    if changed:
        say(f"ledger: {rows} rows loaded")


def _is_same(draft: Path, folder: Path) -> bool:
    names = {str(path.relative_to(draft)) for path in draft.rglob("*.json")}
    if names != {str(path.relative_to(folder)) for path in folder.rglob("*.json")}:
        return False
    _, differing, missing = filecmp.cmpfiles(draft, folder, sorted(names), shallow=False)
    return not differing and not missing
