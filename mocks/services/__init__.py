"""One Flask application for each HTTP system, in a module with the name of the tool and a `create_app`."""
