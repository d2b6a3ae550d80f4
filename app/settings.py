"""All settings of the application, for processes that show or start every part of it."""

from typing import TYPE_CHECKING

from app.connections import settings
from app.credentials.settings import AgentSettings, with_addresses
from app.procurement.systems import SYSTEMS
from app.review.settings import ReviewSettings
from app.store.settings import CheckSettings
from app.web.settings import WebSettings


class Settings(WebSettings, ReviewSettings, CheckSettings, AgentSettings):
    """The settings of every part, and the address of each system."""


if not TYPE_CHECKING:  # a checker cannot follow a class that is made from records
    Settings = with_addresses(Settings, SYSTEMS)


def load(*needed: str) -> Settings:
    """Read the environment, of which the settings named in `needed` must be set.

    Raises `SettingsError` with one line per variable that is wrong or missing.
    """
    return settings.load(Settings, *needed)
