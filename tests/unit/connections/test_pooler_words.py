"""Troubles that no server of the tests shows: those of poolers and of networks."""

import psycopg
import pytest

from app.connections.database_trouble import trouble

SAID = {
    'FATAL:  role "a" does not exist': "does not know this login",
    'FATAL:  role "a" is not permitted to log in': "does not let this login log in",
    "No route to host": "does not answer (no route to this host)",
    "received invalid response to SSL negotiation: H": "does not answer (what came is not",
    "FATAL:  SASL authentication failed": "refused the password of this login (FILE)",
    "FATAL:  unsupported startup parameter: options": "is behind a pooler that refuses session settings",
    "FATAL:  query_wait_timeout": "is behind a pooler that had no connection free in time",
    "FATAL:  server login has been failing": "is behind a pooler that cannot log in to the server",
    "FATAL:  no such database: b": "refused (no such database: b)",
    "the connection is lost": "does not answer (it closed the connection)",
    "connection socket closed": "does not answer (it closed the connection)",
    "something new": "does not answer (OperationalError)",
}


@pytest.mark.parametrize("said", SAID)
def test_each_trouble_has_its_own_words(said):
    error = psycopg.OperationalError(f'connection to server at "127.0.0.1", port 1 failed: {said}')
    assert trouble(error, what="it", setting="FILE").startswith(f"it {SAID[said]}")


@pytest.mark.parametrize(
    "error",
    [
        psycopg.DatabaseError('lost synchronization with server: got message type "H", length 1414811695'),
        psycopg.InternalError("got no result from the query"),
    ],
)
def test_an_answer_in_another_protocol_is_no_refusal(error):
    assert trouble(error, what="it") == "it does not answer (what came is not PostgreSQL's protocol)"
