"""Validates redirect targets: only pages of this application."""

import re
from urllib.parse import urlsplit

_LONGEST = 2_000
#: Browsers treat a backslash as a slash and drop tabs and line ends, so `/\\evil.example` would leave this host.
_TRICKS = re.compile(r"[\\\x00-\x20\x7f-\x9f]")


def safe_local_path(address: str | None) -> str:
    """The address if it is a path of this application, otherwise "/"."""
    if not address or len(address) > _LONGEST or _TRICKS.search(address):
        return "/"
    try:
        parts = urlsplit(address)
    except ValueError:
        return "/"
    if parts.scheme or parts.netloc or not parts.path.startswith("/") or address.startswith("//"):
        return "/"
    return address
