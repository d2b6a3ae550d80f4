"""Submitted files: strict, one line per problem, all or nothing."""

import json
from copy import deepcopy
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.intake import SIZE_LIMIT, IntakeError, parse_actions
from app.procurement.action import ActionType, VendorRole

GOOD = {
    "action_id": "ACT-2026-0001",
    "action_type": "new_award",
    "piid": "70ZZ0126C0001",
    "modification": None,
    "amount": "250000.00",
    "effective_date": "2026-09-14",
    "description": "Repair of two patrol boats",
    "vendors": [
        {"uei": "ZZ9TESTVNDR1", "name": "EXAMPLE MARINE", "role": "prime", "cage": None},
        {"uei": "ZZ9TESTVNDR2", "name": "EXAMPLE PAINT", "role": "subcontractor", "cage": "9ZZ99"},
    ],
}


def problems(submitted):
    text = submitted if isinstance(submitted, str) else json.dumps(submitted)
    with pytest.raises(IntakeError) as refused:
        parse_actions(text)
    assert all("\n" not in line for line in refused.value.problems)
    return refused.value.problems


def refusal(submitted):
    """The lines of the refusal, none when it is taken."""
    try:
        parse_actions(json.dumps(submitted))
    except IntakeError as refused:
        return refused.problems
    return ()


def changed(path, value):
    submitted = deepcopy(GOOD)
    *front, last = path
    place = submitted
    for part in front:
        place = place[part]
    place[last] = value
    return submitted


def test_one_action_and_a_list_of_them():
    (action,) = parse_actions(json.dumps(GOOD))
    assert action.action_type is ActionType.NEW_AWARD
    assert (action.amount, str(action.amount)) == (Decimal(250000), "250000.00")
    assert action.effective_date == date(2026, 9, 14)
    assert action.prime.name == "EXAMPLE MARINE"
    assert [vendor.role for vendor in action.vendors] == [VendorRole.PRIME, VendorRole.SUBCONTRACTOR]
    assert len(parse_actions(json.dumps([GOOD, {**GOOD, "action_id": "ACT-2"}]))) == 2


def test_a_bad_uei_is_named_with_field_value_and_reason():
    submitted = [GOOD, changed(("vendors", 1, "uei"), "ZZ9TESTVNDRI")]
    submitted[1]["action_id"] = "ACT-2"
    (line,) = problems(submitted)
    assert line == (
        "actions[1].vendors[1].uei: 'ZZ9TESTVNDRI' is not a UEI (12 letters or digits, no I or O,"
        " not starting with 0, no 9 digits in a row)"
    )


@pytest.mark.parametrize(
    "uei",
    [
        "ZZ9TESTVNDR",
        "ZZ9TESTVNDR12",
        "0Z9TESTVNDR1",
        "ZZ9TESTVNDRO",
        "A123456789BC",
        "zz9testvndr1",
        "",
        "ZZ9TESTVNDR1\n",
    ],
)
def test_a_malformed_uei_is_refused(uei):
    assert "is not a UEI" in problems(changed(("vendors", 0, "uei"), uei))[0]


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (("amount",), 250000, "actions[0].amount: 250000 is not an amount"),
        (("amount",), "1e3", "is not an amount"),
        (("amount",), "250,000.00", "is not an amount"),
        (("amount",), "0.001", "is not an amount"),
        (("amount",), "99999999999999.00", "is not an amount"),
        (("amount",), "NaN", "is not an amount"),
        (("amount",), "٢٥٠.00", "is not an amount"),
        (("effective_date",), "2026-02-30", "actions[0].effective_date: '2026-02-30' is not a date"),
        (("effective_date",), "09/14/2026", "is not a date"),
        (("effective_date",), 20260914, "is not a date"),
        (("piid",), "70ZZ_0126", "actions[0].piid: '70ZZ_0126' is not a PIID"),
        (("piid",), "7" * 51, "is not a PIID"),
        (("piid",), "0000", "is not a PIID"),
        (("action_id",), "ACT 1", "is not an action id"),
        (("action_type",), "award", "'award' is not one of 'new_award', 'modification' or 'option'"),
        (("vendors", 0, "role"), 1, "actions[0].vendors[0].role: 1 is not one of"),
        (("vendors", 0, "cage"), "9zz99", "is not a CAGE code"),
        (("vendors", 0, "name"), "", "actions[0].vendors[0].name: '' is too short"),
        (("vendors", 0, "name"), "x" * 301, "is too long (300 at most)"),
        (("vendors", 0, "name"), None, "None is not text"),
        (("description",), "x" * 4001, "is too long (4000 at most)"),
        (("vendors",), [], "actions[0].vendors: [] is too short"),
        (("vendors",), {}, "actions[0].vendors: {} is not a list"),
        (("vendors", 0), "ZZ9TESTVNDR1", "actions[0].vendors[0]: 'ZZ9TESTVNDR1' is not an object"),
        (("modification",), "P00001", 'actions[0].modification: "P00001" does not fit the action type'),
        (("modification",), "0", "actions[0].modification: '0' is not a modification number"),
        (("hurry",), True, "actions[0].hurry: is not a known field"),
        (("vendors", 1, "role"), "prime", "actions[0].vendors: exactly one must be the prime, 2 are"),
        (("vendors", 0, "role"), "owner", "actions[0].vendors: exactly one must be the prime, 0 are"),
    ],
)
def test_each_wrong_value_is_named(path, value, expected):
    (line,) = problems(changed(path, value))
    assert expected in line


def test_a_modification_without_its_number_is_refused():
    (line,) = problems({**GOOD, "action_type": "option"})
    assert "modification: null does not fit the action type 'option'" in line


def test_all_problems_come_at_once():
    lines = problems(
        [{**GOOD, "amount": 1, "piid": "#"}, {**GOOD, "action_id": "ACT-2", "effective_date": "x"}]
    )
    assert [line.split(":")[0] for line in lines] == [
        "actions[0].piid",
        "actions[0].amount",
        "actions[1].effective_date",
    ]


def test_a_missing_field_is_named():
    assert problems({key: value for key, value in GOOD.items() if key != "piid"}) == (
        "actions[0].piid: is missing",
    )


def test_an_id_may_occur_once_in_a_file_whatever_else_is_wrong():
    assert problems([GOOD, GOOD]) == ("actions[1].action_id: 'ACT-2026-0001' is the id of actions[0], too",)
    assert len(problems([GOOD, {**GOOD, "amount": 1}])) == 2


def test_a_vendor_may_be_named_once_in_a_role_and_again_in_another():
    owner = {**GOOD["vendors"][0], "role": "owner"}
    (action,) = parse_actions(json.dumps({**GOOD, "vendors": [*GOOD["vendors"], owner]}))
    assert len(action.vendors) == 3
    (line,) = problems({**GOOD, "vendors": [*GOOD["vendors"], GOOD["vendors"][1]]})
    assert "'ZZ9TESTVNDR2' is named twice as subcontractor" in line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "file: not JSON"),
        ("{", "file: not JSON"),
        ("[]", "actions: the list is empty"),
        ("null", "actions[0]: None is not an object"),
        ('"text"', "actions[0]: 'text' is not an object"),
        ('{"piid": "A", "piid": "B"}', "file: field 'piid' occurs twice in one object"),
        ('{"amount": NaN}', "file: NaN is not a JSON value"),
        ('{"amount": ' + "9" * 5000 + "}", "file: a number has too many digits"),
        ("[" * 100_000, "file: nested too deeply"),
        ('{"description": "\\u0000"}', "file: field 'description' holds a NUL"),
        ('{"description": "\\ud800"}', "file: field 'description' holds a NUL character or half a surrogate"),
    ],
)
def test_anything_but_a_submission_is_refused(text, expected):
    (line,) = problems(text)
    assert line.startswith(expected)


def test_a_file_that_is_too_large_is_refused_before_it_is_read():
    (line,) = problems("[" + " " * SIZE_LIMIT + "]")
    assert line == f"file: {SIZE_LIMIT + 2} bytes, {SIZE_LIMIT} at most"


def test_the_size_is_counted_in_bytes():
    assert problems('"' + "€" * (SIZE_LIMIT // 3 + 1) + '"')[0].startswith("file: ")


def test_other_control_characters_are_data():
    (action,) = parse_actions(json.dumps(changed(("description",), "tab\t, bell\x07, <script>")))
    assert action.description == "tab\t, bell\x07, <script>"


def test_a_field_name_cannot_forge_a_line_of_the_report():
    (line,) = problems({**GOOD, "x\nactions[9].piid: is fine": 1})
    assert line == "actions[0].'x\\nactions[9].piid: is fine': is not a known field"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(sorted(GOOD)), inner),
    max_leaves=20,
)


@given(json_values)
def test_any_input_is_refused_without_an_error(submitted):
    lines = refusal(submitted)
    assert lines
    assert all(line.isprintable() for line in lines)


@given(st.sampled_from(sorted(GOOD)), json_values)
def test_one_field_with_any_content_is_accepted_or_refused(field, value):
    lines = refusal({**GOOD, field: value})
    assert all(f".{field}" in line or line.startswith("file:") for line in lines)


@pytest.mark.parametrize(
    ("written", "taken"),
    [
        ("NNG15ZZ19B", "NNG15ZZ19B"),
        ("GS-35F-0511T", "GS35F0511T"),
        ("EPZ17003", "EPZ17003"),
        ("0001", "0001"),
        ("dtzzwa 17 d 00013", "DTZZWA17D00013"),
    ],
)
def test_any_number_the_contract_system_holds_is_taken_without_its_punctuation(written, taken):
    (order,) = parse_actions(json.dumps({**GOOD, "referenced_idv": written}))
    (contract,) = parse_actions(json.dumps({**GOOD, "piid": written}))
    assert (order.referenced_idv, contract.piid) == (taken, taken)


@pytest.mark.parametrize(
    ("written", "taken"), [("5", "5"), ("0012", "0012"), ("p-00001", "P00001"), ("M001", "M001")]
)
def test_modifications_of_old_notation_are_taken(written, taken):
    (action,) = parse_actions(json.dumps({**GOOD, "action_type": "modification", "modification": written}))
    assert action.modification == taken


def test_an_order_under_itself_is_refused_however_it_is_written():
    (line,) = problems({**GOOD, "referenced_idv": "70ZZ-0126-C-0001"})
    assert "is the PIID of the action itself" in line
