"""The infrastructure identities: dispatcher, sweeper, auditor. Each has one policy and one file of mode 0600."""

import json
import os
from pathlib import Path
from typing import Any


def write_identity(client: Any, name: str, file: Path) -> None:
    """Give `name` an AppRole login of its own and store it in `file`, unless the file is already there.

    Its tokens live 15 minutes and are not renewed; the process logs in again.
    """
    role = f"auth/approle/role/triage-{name}"
    client.write_data(
        role,
        data={
            "token_policies": [f"triage-{name}"],
            "token_no_default_policy": True,
            "token_ttl": "15m",
            "token_max_ttl": "15m",
        },
    )
    if file.exists():
        return
    role_id = client.read(f"{role}/role-id")["data"]["role_id"]
    secret_id = client.write_data(f"{role}/secret-id", data={})["data"]["secret_id"]
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        json.dump({"role_id": role_id, "secret_id": secret_id}, stream)
