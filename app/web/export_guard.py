"""Guards exports: where requests may come from, how many run at once, and how files are sent."""

from collections.abc import Iterator
from typing import IO

from flask import Flask, Response, g, request

from app.contract_file.exporter import Exported
from app.web.access import EXPORTING
from app.web.sign_in import person
from app.web.streams import Seats

#: Endpoints that first produce a file, which takes seconds, and how many may run at once, in all and per person.
_MADE = frozenset(each for each in EXPORTING if each.startswith("exports.")) | {"api.contract_file"}
_TOTAL, _EACH = 4, 1
#: `Sec-Fetch-Site` of requests that another site initiated. Programs and typed addresses send neither value.
_FOREIGN = frozenset({"cross-site", "same-site"})
_BLOCK = 1 << 16


class BusyError(Exception):
    """The limit of simultaneous exports is reached, in all or for this person."""


class ForeignError(Exception):
    """Another site initiated the request for an export."""


def init_app(app: Flask) -> None:
    """Guard the exports of `app`. Call this after `access.init_app` and before `limits.init_app`.

    Requests refused here do not count against a person's limit: another site could use it up.
    """
    places = Seats(total=_TOTAL, each=_EACH, gives_way=False)

    @app.before_request
    def enter() -> None:
        if request.endpoint not in EXPORTING:
            return
        # Only programs send bearer tokens; browsers send cookies even when following a link from another site.
        if not g.by_token and request.headers.get("Sec-Fetch-Site") in _FOREIGN:
            raise ForeignError
        if request.endpoint in _MADE:
            g.place = places.take(person().subject)
            if g.place is None:
                raise BusyError

    @app.teardown_request
    def leave(_: BaseException | None) -> None:
        # The file is complete; sending it occupies only a thread.
        if place := g.pop("place", None):
            places.give_back(place)


def sent(made: Exported) -> Response:
    """The response with the exported file, as a download."""
    response = Response(_blocks(made.file), content_type=made.media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{made.name}"'
    response.content_length = made.record.bytes
    response.call_on_close(made.file.close)
    return response


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while block := file.read(_BLOCK):
            yield block
