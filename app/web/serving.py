"""The pages as a server process runs them."""

import gc

from flask import Flask

from app.web import create_app


def serve() -> Flask:
    """The application, configured from the environment and made ready. Raises what `create_app` raises."""
    return ready(create_app())


def ready(app: Flask) -> Flask:
    """Do before the first request what would otherwise make some reader wait.

    Templates are compiled. What is there by now stays: a full garbage collection, about one in 150 pages, would look
    through all of it again and hold up whoever is being answered for a tenth of a second.
    """
    for name in app.jinja_env.list_templates(extensions=["html"]):
        app.jinja_env.get_template(name)
    gc.collect()
    gc.freeze()
    return app
