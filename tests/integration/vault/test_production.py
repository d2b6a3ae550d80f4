"""A vault as in production: provisioned once and again, restarted, and a database that comes and goes."""

import psycopg


def test_first(installation):
    print(installation.first)
    print(installation.provision())
    print(installation.ledger_credential()["username"])
    assert 0
