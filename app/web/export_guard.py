"""What leaves the application: when it may, how many exports are made at once, and how they are sent."""

from collections.abc import Iterator
from typing import IO

from flask import Flask, Response, g, request

from app.contract_file.exporter import Exported
from app.web.access import EXPORTING
from app.web.sign_in import person
from app.web.streams import Seats

#: Endpoints that make a file first, which takes seconds: of these so many at once in all, and of one person.
_MADE = frozenset(each for each in EXPORTING if each.startswith("exports."))
_TOTAL, _EACH = 4, 1
#: What browsers say of a request that another site led to, be it one beside ours. Programs and typed addresses say neither.
_FOREIGN = frozenset({"cross-site", "same-site"})
_BLOCK = 1 << 16


class BusyError(Exception):
    """As many exports are being made as may be, in all or of this person."""


class ForeignError(Exception):
    """Another site had a browser ask for an export in somebody's name."""


def init_app(app: Flask) -> None:
    """Guard what leaves `app`; to be called after `access.init_app`, and before `limits.init_app`.

    What is refused here counts against nobody's limit: another site could use it up.
    """
    places = Seats(total=_TOTAL, each=_EACH, gives_way=False)

    @app.before_request
    def enter() -> None:
        if request.endpoint not in EXPORTING:
            return
        # A bearer token is sent by programs only; a cookie also when a link of another site is followed.
        if not g.by_token and request.headers.get("Sec-Fetch-Site") in _FOREIGN:
            raise ForeignError
        if request.endpoint in _MADE:
            g.place = places.take(person().subject)
            if g.place is None:
                raise BusyError

    @app.teardown_request
    def leave(_: BaseException | None) -> None:
        # The file is made by now; sending it costs no more than its thread.
        if place := g.pop("place", None):
            places.give_back(place)


def sent(made: Exported) -> Response:
    """The answer that hands over what was made, as a file that no browser opens."""
    response = Response(_blocks(made.file), content_type=made.media_type)
    response.headers["Content-Disposition"] = f'attachment; filename="{made.name}"'
    response.content_length = made.record.bytes
    response.call_on_close(made.file.close)
    return response


def _blocks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while block := file.read(_BLOCK):
            yield block
