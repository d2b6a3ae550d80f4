"""Actions as JSON Lines and CSV: the same actions as in JSON, and problems that name line, field and value."""

import csv
import io
import json

import pytest

from app.intake import IntakeError, Notation, parse_actions

FULL = {
    "action_id": "ACT-2026-0001",
    "action_type": "option",
    "piid": "70ZZ0126C0001",
    "modification": "P00001",
    "amount": "250000.00",
    "effective_date": "2026-09-14",
    "description": 'Two boats, "as is"\nand a trailer',
    "vendors": [
        {"uei": "ZZ9TESTVNDR1", "name": "EXAMPLE MARINE", "role": "prime", "cage": None},
        {"uei": "ZZ9TESTVNDR2", "name": "EXAMPLE PAINT", "role": "subcontractor", "cage": "9ZZ99"},
    ],
    "defense": True,
    "overhauled_far": False,
    "severable": False,
    "clauses": ["52.217-9", "52.217-8"],
    "option": {"number": 2, "price": "250000.00", "notice_date": "2026-08-01"},
}
CELLS = {
    **{name: FULL[name] for name in list(FULL)[:7]},
    "vendor1_uei": "ZZ9TESTVNDR1",
    "vendor1_name": "EXAMPLE MARINE",
    "vendor1_role": "prime",
    "vendor1_cage": "",
    "vendor2_uei": "ZZ9TESTVNDR2",
    "vendor2_name": "EXAMPLE PAINT",
    "vendor2_role": "subcontractor",
    "vendor2_cage": "9ZZ99",
    "defense": "TRUE",
    "overhauled_far": "false",
    "severable": "False",
    "clauses": "52.217-9; 52.217-8",
    "option_number": "2",
    "option_price": "250000.00",
    "option_notice_date": "2026-08-01",
}


def table(*rows):
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(CELLS), restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def problems(text, notation):
    with pytest.raises(IntakeError) as refused:
        parse_actions(text, notation=notation, most=3)
    return list(refused.value.problems)


def test_the_three_notations_give_the_same_actions():
    second = {**FULL, "action_id": "ACT-2026-0002"}
    expected = parse_actions(json.dumps([FULL, second]))
    lines = f"{json.dumps(FULL)}\r\n\n{json.dumps(second)}\n"
    assert parse_actions(lines, notation=Notation.JSON_LINES) == expected
    rows = table(CELLS, {**CELLS, "action_id": "ACT-2026-0002"})
    assert parse_actions(rows, notation=Notation.CSV) == expected
    # As a spreadsheet writes it: with a mark of byte order, and rows that hold nothing.
    padded = "\ufeff" + rows + "," * (len(CELLS) - 1) + "\r\n\r\n"
    assert parse_actions(padded, notation=Notation.CSV) == expected


def test_a_column_may_be_left_out():
    few = {"action_id", "action_type", "piid", "amount", "effective_date"}
    vendor = {"vendor1_uei", "vendor1_name", "vendor1_role"}
    cells = {name: cell for name, cell in CELLS.items() if name in few | vendor} | {
        "action_type": "new_award"
    }
    text = f"{','.join(cells)}\n{','.join(cells.values())}\n"
    (action,) = parse_actions(text, notation=Notation.CSV)
    assert (action.modification, action.option, len(action.vendors)) == (None, None, 1)


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"amount": "12 dollars"}, "line 2, amount: '12 dollars' is not an amount"),
        ({"vendor2_uei": "SHORT"}, "line 2, vendor2_uei: 'SHORT' is not a UEI"),
        ({"vendor1_name": ""}, "line 2, vendor1_name: is missing"),
        ({"option_number": "two"}, "line 2, option_number: 'two' is not a whole number"),
        ({"option_number": "9" * 5000}, "line 2, option_number: '9"),
        ({"defense": "yes"}, "line 2, defense: 'yes' is neither true nor false"),
        ({"clauses": "52.217-9;nonsense"}, "line 2, clauses: 'nonsense' is not a clause"),
        ({"vendor1_role": "owner"}, "line 2, vendors: exactly one must be the prime, 0 are"),
        ({"description": "a\x00b"}, "line 2, description: holds a NUL character"),
        ({"description": "\ud800"}, "line 2, description: holds a NUL character or half a surrogate pair"),
    ],
)
def test_a_problem_in_a_table_names_line_column_and_value(changed, problem):
    (line,) = problems(table({**CELLS, **changed}), Notation.CSV)
    assert line.startswith(problem)


def test_a_row_is_named_by_the_line_on_which_it_begins():
    """The description of each row holds a line break."""
    second = {**CELLS, "action_id": "ACT-2026-0002", "amount": "1,000"}
    lines = problems(table(CELLS, second, CELLS), Notation.CSV)
    assert [line.partition(": '")[0] for line in lines] == ["line 4, amount", "line 6, action_id"]
    assert lines[1] == "line 6, action_id: 'ACT-2026-0001' is the id of line 2, too"


def test_a_vendor_that_is_left_out_between_two_others_is_named():
    cells = {name.replace("vendor2", "vendor3"): cell for name, cell in CELLS.items()}
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(cells))
    writer.writeheader()
    writer.writerow(cells)
    lines = problems(text.getvalue(), Notation.CSV)
    assert lines == [f"line 2, vendor2_{name}: is missing" for name in ("uei", "name", "role")]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["line 1: the names of the columns are missing"]),
        ("action_id,colour\n", ["line 1: 'colour' is not the name of a column"]),
        ("piid,piid\n", ["line 1: 'piid' is the name of two columns"]),
        ("vendor0_uei\n", ["line 1: 'vendor0_uei' is not the name of a column"]),
        ("vendor51_uei\n", ["line 1: 'vendor51_uei' is not the name of a column"]),
        ("vendors\n", ["line 1: 'vendors' is not the name of a column"]),
        ("action_id;piid\n", ["line 1: 'action_id;piid' is not the name of a column"]),
        ("action_id,piid\nA\n", ["line 2: 1 values do not fit the 2 columns of the first line"]),
        ('action_id\n"A\n', ["line 2: not CSV: unexpected end of data"]),
        ("action_id\n", ["actions: the file holds none"]),
    ],
)
def test_a_file_that_is_no_table_of_actions_is_refused(text, expected):
    assert problems(text, Notation.CSV) == expected


def test_lines_of_json_are_refused_by_their_number():
    good = json.dumps({**FULL, "action_id": "ACT-2026-0003"})
    broken = ['{"amount": }', "[]", json.dumps({**FULL, "amount": 12}), '{"piid": "A", "piid": "B"}', good]
    # What cannot be read comes first: without it the rest cannot be judged.
    assert problems("\n".join(broken), Notation.JSON_LINES) == [
        "line 1: not JSON: Expecting value at column 12",
        "line 4: field 'piid' occurs twice in one object",
    ]
    lines = problems("\n".join([broken[1], "", broken[2]]), Notation.JSON_LINES)
    assert lines[0] == "line 1: [] is not an object"
    assert lines[1].startswith("line 3, amount: 12 is not an amount")


def test_a_text_in_a_line_may_hold_other_separators_of_lines():
    text = json.dumps({**FULL, "description": "one\u2028two"}, ensure_ascii=False)
    (action,) = parse_actions(text, notation=Notation.JSON_LINES)
    assert action.description == "one\u2028two"


@pytest.mark.parametrize("notation", [Notation.JSON_LINES, Notation.CSV])
def test_more_actions_than_allowed_are_refused(notation):
    many = [{**FULL, "action_id": f"ACT-{number}"} for number in range(4)]
    text = (
        "\n".join(map(json.dumps, many))
        if notation is Notation.JSON_LINES
        else table(*({**CELLS, "action_id": each["action_id"]} for each in many))
    )
    assert problems(text, notation) == ["actions: 4 are too many (3 at most)"]
