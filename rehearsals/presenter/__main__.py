"""`python -m rehearsals.presenter`: answers the web process of a local stack at a socket that only it can open."""

import argparse
import json
import logging
import os
from http import HTTPStatus

from flask import Flask, Response, request
from pydantic import TypeAdapter, ValidationError
from werkzeug.serving import make_server

from app.connections.hardening import harden
from infra.environment import forget_foreign
from infra.local.state import Layout, state_folder
from rehearsals.presenter.conductor import BusyError, Conductor
from rehearsals.presenter.orders import Order

_ORDERS: TypeAdapter[Order] = TypeAdapter(Order)
_LONGEST = 10_000
#: The socket is for its owner and its group, which is that of the web process.
_OTHERS = 0o117


def make_app(conductor: Conductor) -> Flask:
    """Answers with the state, and takes orders: 202, 409 while another is under way, 422 for one that it cannot take."""
    app = Flask("presenter", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = _LONGEST

    @app.get("/")
    def state() -> Response:
        return _answer(conductor.state(), HTTPStatus.OK)

    @app.post("/orders")
    def order() -> Response:
        try:
            conductor.take(_ORDERS.validate_json(request.get_data()))
        except ValidationError as wrong:
            first = wrong.errors(include_url=False)[0]
            field = ".".join(map(str, first["loc"]))
            return _problem(f"{field}: {first['msg']}", HTTPStatus.UNPROCESSABLE_ENTITY)
        except ValueError as refused:
            return _problem(str(refused), HTTPStatus.UNPROCESSABLE_ENTITY)
        except BusyError as busy:
            return _problem(str(busy), HTTPStatus.CONFLICT)
        return _answer({}, HTTPStatus.ACCEPTED)

    return app


def _answer(document: object, status: HTTPStatus) -> Response:
    return Response(json.dumps(document), status=status, mimetype="application/json")


def _problem(text: str, status: HTTPStatus) -> Response:
    return _answer({"problem": text}, status)


def main() -> None:
    """Serve until a signal."""
    parser = argparse.ArgumentParser(prog="python -m rehearsals.presenter", description=__doc__)
    parser.add_argument(
        "--can-start-again", action="store_true", help="a demo waits for the order to start anew"
    )
    wanted = parser.parse_args()
    forget_foreign()
    harden()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    layout = Layout(state_folder())
    socket = layout.presenter_socket
    socket.unlink(missing_ok=True)
    start_again = layout.start_again.touch if wanted.can_start_again else None
    app = make_app(Conductor(layout, start_again))
    # By the open folder: the kernel takes 107 characters of a path, and a state folder may lie deep.
    folder = os.open(socket.parent, os.O_PATH | os.O_CLOEXEC)
    before = os.umask(_OTHERS)
    server = make_server(f"unix:///proc/self/fd/{folder}/{socket.name}", 0, app, threaded=True)
    os.umask(before)
    server.serve_forever()


if __name__ == "__main__":
    main()
