"""Settings of the commands that speak to the JSON API."""

from pathlib import Path

from app.connections.addresses import HttpAddress
from app.connections.settings import ProcessSettings


class ClientSettings(ProcessSettings):
    """Where the API is, and on whose behalf a command speaks to it."""

    #: Where browsers reach the pages. Without it, commands speak to the stack running here.
    web_address: HttpAddress | None = None
    #: A secret file with a person's access token.
    triage_token_file: Path | None = None
