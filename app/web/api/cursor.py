"""Pages of lists: where the next one begins."""

from urllib.parse import urlencode

from flask import request


def following(after: object | None) -> str | None:
    """The address of the page after this one, which begins after `after`; None where there is none."""
    if after is None:
        return None
    args = {**request.args.to_dict(), "after": str(after)}
    return f"{request.path}?{urlencode(args)}"
