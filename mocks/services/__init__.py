"""One Flask application per HTTP system, each in a module of the tool's name with a `create_app`."""
