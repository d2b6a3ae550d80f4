"""The queue as CSV and JSON: complete, readable by other programs, and inert in a spreadsheet."""

import csv
import io
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.contract_file.queue_export import Format, csv_of, inert, json_of, spooled
from app.review.queries.exported import ExportedValue
from app.review.queries.flag_filter import FlagFilter
from app.review.queries.flags import FlagLine

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "  =cmd|' /C calc'!A0", "＝1", "－2"]


@pytest.fixture
def lines(make_file):
    def made(value="EXAMPLE HARBOR DIVING LLC"):
        file = make_file(value=value)
        flag = file.flags[0]
        return [(FlagLine(flag=flag.flag, action=file.action), beside(flag))]

    return made


def beside(flag):
    return [
        ExportedValue(*(getattr(each.value, name) for name in ExportedValue._fields)) for each in flag.values
    ]


def rows(written):
    text = "".join(written)
    assert text.startswith("\ufeff")
    assert text.endswith("\r\n")
    return list(csv.DictReader(io.StringIO(text[1:], newline="")))


def test_a_row_has_both_values_and_where_it_stands(lines):
    (row,) = rows(csv_of(lines()))
    assert row["Values side by side"] == (
        "SAM.gov registrations, legal name: EXAMPLE HARBOR DIVING LLC; The submitted action, legal name: the other name"
    )
    assert (row["Severity"], row["Status"], row["Amount (USD)"]) == ("blocking", "Open", "1184000.00")
    assert row["Raised (ET and UTC)"] == "2026-09-14 12:00:01 EDT (16:00:01 UTC)"


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula(lines, text):
    (row,) = rows(csv_of(lines(text)))
    assert row["What differs"] == f"'{text}"
    assert not [
        cell for cell in row.values() if cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))
    ]


@given(st.text())
def test_inert_text_never_begins_a_formula_and_else_stays(text):
    shown = inert(text)
    assert not shown.lstrip(" ").startswith(tuple("=+-@\t\r\n"))
    assert shown.replace("'", "") == text.replace("'", "")


@pytest.mark.parametrize(
    "form", ["x;{}", "x; {}", 'x;"{}', 'x;""{};', "x\n{}", 'x\r\n "{}', "x;\n;{}", ";{}", "{};{}"]
)
@pytest.mark.parametrize("formula", ["=1+1", "+1", "-1", "@SUM(A1)", "＝1"])
def test_a_spreadsheet_that_takes_semicolons_for_commas_finds_no_formula(lines, form, formula):
    written = "".join(csv_of(lines(form.replace("{}", formula))))
    cut = csv.reader(io.StringIO(written, newline=""), delimiter=";")
    begun = [cell for row in cut for cell in row if cell.lstrip(' "').startswith(("=", "+", "-", "@", "＝"))]
    assert begun == []


@pytest.mark.parametrize("text", ['a "quoted" one', "two\r\nlines", "a, b; c", "é 中 😀", ""])
def test_text_comes_back_as_it_was(lines, text):
    (row,) = rows(csv_of(lines(text)))
    assert row["What differs"] == text


def test_json_says_what_was_asked_for_and_by_whom(lines, occasion):
    wanted = FlagFilter(severity="blocking", raised_from=datetime(2026, 9, 1, tzinfo=UTC))
    document = json.loads("".join(json_of(lines() * 2, wanted, occasion)))
    assert document["format"] == "triage-flags/1"
    assert document["filter"] == {"severity": "blocking", "raised_from": "2026-09-01 00:00:00+00:00"}
    assert document["exported_by"] == {"subject": "officer-a", "name": "Contracting Officer A"}
    assert [each["rule"] for each in document["flags"]] == ["R04", "R04"]
    assert document["flags"][0]["values"][0]["record_key"] == "ZZ98EXPORTS1"
    assert document["flags"][0]["action"]["amount"] == "1184000.00"
    assert "search" not in document["flags"][0]


def test_an_empty_queue_is_a_whole_document(occasion):
    assert json.loads("".join(json_of([], FlagFilter(), occasion)))["flags"] == []
    assert rows(csv_of([])) == []


def test_a_failure_midway_leaves_no_file(lines, occasion):
    def failing():
        yield from lines()
        raise OSError

    with pytest.raises(OSError):  # noqa: PT011  # it has no text
        spooled(failing(), Format.CSV, FlagFilter(), occasion)
