"""The ledger on a real server: the database's own grants decide what a reader may see."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

import psycopg
import pytest
from psycopg import sql

from infra.local.options import Part, StackOptions
from infra.local.stack import LocalStack
from known_answers.scenarios.generator import write
from mocks.ledger.load import load

OPTIONS = StackOptions(parts=frozenset({Part.POSTGRES}), usual_ports=False)
VIEWS = {
    "commitments": {
        *(
            "pr_number",
            "piid",
            "modification_number",
            "amount",
            "certified_by",
            "certified_at",
            "status",
            "tas",
            "expires",
            "overage",
        )
    },
    "obligation_lines": {
        *("document_number", "piid", "modification_number", "acrn", "clin", "vendor_uei", "tas", "fund_type"),
        *("fund_status", "cancel_date", "object_class", "program_activity", "fiscal_year", "obligated"),
        *("expended", "deobligated", "unliquidated", "gl_post_date"),
    },
}
CLOSED = ("payments", "vendor_banking", "commitment_records", "obligation_records")


@pytest.fixture(scope="module")
def owner(tmp_path_factory) -> Iterator[dict[str, object]]:
    """How the owner connects to a ledger with forty scenarios in it."""
    scenarios = tmp_path_factory.mktemp("scenarios")
    write(scenarios, actions=40, seed=7)
    with LocalStack(tmp_path_factory.mktemp("ledger") / "home", options=OPTIONS) as stack:
        server = stack.services.database
        password = stack.secrets.read("operator", "ledger-owner-password")
        connection = server.parameters("ledger", user="ledger_owner", password=password)
        load(scenarios, **connection)
        admin = psycopg.connect(
            **{
                **connection,
                "user": "vault_ledger_admin",
                "password": stack.secrets.read("operator", "ledger-admin-password"),
            },
            autocommit=True,
        )
        with admin:
            admin.execute("CREATE ROLE leased LOGIN PASSWORD 'leased' IN ROLE ledger_reader")
        yield {**connection, "scenarios": scenarios}


@contextmanager
def connected(owner, **other) -> Iterator[psycopg.Connection]:
    parameters = {**owner, **other}
    parameters.pop("scenarios")
    with psycopg.connect(**parameters, autocommit=True) as connection:
        yield connection


@pytest.fixture
def reader(owner) -> Iterator[psycopg.Connection]:
    with connected(owner, user="leased", password="leased") as connection:
        yield connection


def select(what, table):
    return sql.SQL("SELECT {} FROM {}").format(sql.SQL(what), sql.Identifier("finance", table))


def count(connection, table):
    return connection.execute(select("count(*)", table)).fetchone()[0]


@pytest.mark.parametrize(("view", "columns"), VIEWS.items())
def test_a_reader_sees_two_views(reader, view, columns):
    rows = reader.execute(select("*", view))
    assert {column.name for column in rows.description} == columns
    assert rows.fetchall()


def test_money_is_exact_and_positive_for_an_obligation(reader):
    lines = [
        reader.execute(
            "SELECT obligated, deobligated, expended, unliquidated FROM finance.obligation_lines"
            " WHERE piid = %s AND modification_number = %s",
            key,
        ).fetchone()
        for key in (("70ZZ0126C0001", "0"), ("70ZZ0126C0014", "A00001"))
    ]
    assert lines == [
        (Decimal("248500.00"), Decimal("0.00"), Decimal("0.00"), Decimal("248500.00")),
        (Decimal("0.00"), Decimal("18250.00"), Decimal("0.00"), Decimal("-18250.00")),
    ]


@pytest.mark.parametrize("table", CLOSED)
def test_a_reader_is_refused_everything_else(owner, reader, table):
    with connected(owner) as its_owner:
        assert count(its_owner, table) > 0
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        count(reader, table)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO finance.commitments (pr_number) VALUES ('X')",
        "UPDATE finance.commitments SET amount = 0",
        "DELETE FROM finance.obligation_lines",
        "TRUNCATE finance.payments",
        "CREATE TABLE finance.mine (id int)",
        "CREATE TABLE public.mine (id int)",
        "SET ROLE ledger_owner",
        "COPY finance.payments TO STDOUT",
    ],
)
def test_a_reader_changes_nothing(reader, statement):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.execute(statement)


def test_loading_again_changes_nothing(owner, reader):
    before = {view: count(reader, view) for view in VIEWS}
    connection = {name: value for name, value in owner.items() if name != "scenarios"}
    assert load(owner["scenarios"], **connection) == (sum(before.values()), False)
    assert {view: count(reader, view) for view in VIEWS} == before


def test_a_failed_load_leaves_the_ledger_as_it_was(owner, reader, tmp_path):
    before = {view: count(reader, view) for view in VIEWS}
    write(tmp_path, actions=3, seed=1)
    file = tmp_path / "cases" / "01-clean-new-award.json"
    scenario = json.loads(file.read_text())
    scenario["ledger"]["commitments"] *= 2
    file.write_text(json.dumps(scenario))
    connection = {name: value for name, value in owner.items() if name != "scenarios"}
    with pytest.raises(psycopg.errors.UniqueViolation):
        load(tmp_path, **connection)
    assert {view: count(reader, view) for view in VIEWS} == before
