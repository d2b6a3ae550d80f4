"""The key that signs exports: made at each start and gone at its end. Its public half stays, so that exports can be checked."""

import json
from pathlib import Path
from typing import Any

from infra.local.secret_files import write_secret
from infra.local.state import Layout


def provide(layout: Layout) -> Path:
    """A file with a new signing key, followed by the public halves of those of earlier starts."""
    # Imported here: every `triage` command loads this module, and few make keys.
    from joserfc.jwk import ECKey  # noqa: PLC0415

    key = ECKey.generate_key("P-256", private=True)
    earlier = _earlier(layout.export_keys)
    write_secret(layout.export_keys, json.dumps({"keys": [key.as_dict(private=False), *earlier]}))
    return write_secret(
        layout.secrets / "web-export-keys.json", json.dumps({"keys": [key.as_dict(private=True), *earlier]})
    )


def _earlier(file: Path) -> list[Any]:
    try:
        keys = json.loads(file.read_text(encoding="utf-8"))["keys"]
    except (OSError, ValueError, LookupError, TypeError):
        return []
    return keys if isinstance(keys, list) else []
