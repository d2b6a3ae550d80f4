"""One Flask application per HTTP system, each with a `create_app`."""
