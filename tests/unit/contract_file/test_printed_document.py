"""The printed contract file: tagged, complete, reproducible, and inert whatever text it holds."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from app.contract_file.bundle import printed
from app.contract_file.content import contract_file, serialised
from app.contract_file.log_check import CheckedLog
from app.contract_file.log_extract import LogExtract
from app.contract_file.pdf import pdf
from app.contract_file.print_text import _PRINTABLE, instant, moment, printable
from app.contract_file.printed_document import document
from app.reconciliation.verdict import Reconciliation

HOSTILE = [
    '#eval("1 + 1") #panic("out") #read("/etc/passwd") #import "x.typ": *',
    '" \\ ` $x$ _a_ *b* <label> @ref // /* = heading - list + enum',
    "line one\r\nline two\ttab",
    "\x00\x01\x1b[31m\u202egnirts\u202c\u200bzero",
    "😀 中文 عربى Δοκιμή Проверка Čeština ñ é",
    "x" * 10_000,
    '[U+0041] {"strong": "not a line of its own"}',
]

COMPARED = Reconciliation(
    since=datetime(2026, 12, 1, tzinfo=UTC),
    until=datetime(2026, 12, 2, tzinfo=UTC),
    issued=5,
    used=4,
    recorded=5,
    leftovers=[],
    missing=[],
)


@pytest.fixture
def show(make_file, occasion, read_pdf):
    return lambda **changed: read_pdf(printed(make_file(**changed), LogExtract(), occasion).read())


def squeezed(text):
    return "".join(text.split())


def test_it_is_tagged_with_title_language_headings_and_tables(show):
    seen = show()
    root = seen.file.Root
    assert root.MarkInfo.Marked
    assert str(root.Lang) == "en-US"
    assert root.ViewerPreferences.DisplayDocTitle
    with seen.file.open_metadata() as metadata:
        assert metadata["dc:title"] == "Contract file of ACT-1"
        assert (metadata["pdfuaid:part"], metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == (
            "1",
            "2",
            "A",
        )
    assert {"H1", "H2", "P", "L", "LI", "Table", "TR", "TH", "TD", "Caption"} <= set(seen.tags)
    assert seen.tables
    for table in seen.tables:
        cells = [tag for tag in table if tag in {"TR", "TH", "TD"}]
        assert cells[:2] == ["TR", "TH"]
        assert cells.count("TD") % cells.count("TH") == 0


def test_it_says_what_the_pages_say(show):
    seen = show(value="EXAMPLE HARBOR DIVING LLC")
    for said in (
        "EXAMPLE HARBOR DIVING LLC",
        "the other name",
        "$1,184,000.00",
        "70ZZ0126C0001",
        "Blocking: do not sign",
        "RFO 4.203",
        "codified: FAR 4.1103(a)",
        "2026-09-14 12:00:01 EDT (16:00:01 UTC)",
        "identity/oidc/token/sam-gov",
        "ab" * 32,
        "vault-request",
        "run-token-accessor",
        "GET /entity-information/v4/entities",
        "Step 7: the next run gets new ones",
        "Decision undone",
        "The name is the same company.",
        "Contracting Officer A",
        "Nothing differs: 2 checks",
        "Demo - not an official government website",
        "Page 1 of",
    ):
        assert squeezed(said) in seen.text, said


def test_the_far_in_force_comes_first(make_file, occasion, read_pdf):
    seen = read_pdf(printed(make_file(), LogExtract(), replace(occasion, far="codified")).read())
    assert squeezed("Authority: FAR 4.1103(a)") in seen.text
    assert squeezed("overhaul: RFO 4.203") in seen.text


@pytest.mark.parametrize("text", HOSTILE)
def test_whatever_a_text_holds_is_printed_and_never_run(show, text):
    seen = show(value=text, rationale=text)
    assert seen.text.count(squeezed(printable(text))) >= 5


def test_hostile_text_is_whole_in_the_file_for_programs(make_file, occasion):
    for text in HOSTILE:
        stated = json.loads(serialised(contract_file(make_file(value=text), LogExtract(), occasion)))
        assert stated["flags"][0]["values"][0]["value"] == text


def test_the_same_file_prints_the_same(make_file, occasion):
    assert (
        printed(make_file(), LogExtract(), occasion).read()
        == printed(make_file(), LogExtract(), occasion).read()
    )


def test_every_character_taken_for_printable_is_in_the_fonts_alone_and_with_marks(occasion):
    letters = [chr(each) for first, last in _PRINTABLE for each in range(first, last + 1)]
    marked = [f"{letter}\u0323\u0301" for letter in letters if letter.isprintable()]
    lines = [" ".join(part[at : at + 64]) for part in (letters, marked) for at in range(0, len(part), 64)]
    styles = [*lines, *({"code": line} for line in lines), *({"strong": line} for line in lines)]
    usual = {"title": "T", "description": "D", "exported": "E", "strip": None, "footer": "F"}
    made = pdf({**usual, "blocks": [{"kind": "text", "text": styles}]}, at=occasion.at)
    assert made.startswith(b"%PDF")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("a\tb\r\nc", "a b\nc"),
        ("\x00\u202e\u200d", "���"),
        ("😀 中", "[U+1F600] [U+4E2D]"),
        ("soft\xadhyphen", "soft[U+00AD]hyphen"),
    ],
)
def test_an_unprintable_character_is_printed_as_its_code_point(text, shown):
    assert printable(text) == shown


def test_times_are_eastern_first():
    time = datetime(2026, 12, 1, 2, 30, 5, 123_456, tzinfo=UTC)
    assert moment(time) == "2026-11-30 21:30:05 EST (2026-12-01 02:30:05 UTC)"
    assert instant(time) == "2026-11-30 21:30:05.123 EST (2026-12-01 02:30:05.123 UTC)"
    assert moment(None) == "not yet"


def test_a_broken_history_is_reported_in_print(make_file, occasion, read_pdf):
    seen = read_pdf(printed(make_file(version=3), LogExtract(), occasion).read())
    assert squeezed("The history of this finding is broken: event 3 was changed or is missing.") in seen.text


def test_a_hundred_findings_are_printed(make_file, occasion):
    file = make_file(flags=100)
    made = pdf(document(file, CheckedLog(), occasion, {}), at=occasion.at)
    assert made.startswith(b"%PDF")


def test_runs_that_are_not_even_listed_are_counted(make_file, occasion):
    file = make_file()
    many = replace(file, other_runs=[file.runs[0].run], more_runs=1234)
    assert "Not listed: 1234 earlier runs." in json.dumps(document(many, CheckedLog(), occasion, {}))
    one = replace(file, other_runs=[file.runs[0].run], more_runs=0)
    assert "Not listed" not in json.dumps(document(one, CheckedLog(), occasion, {}))


@pytest.mark.parametrize(
    ("log", "said", "unsaid"),
    [
        (CheckedLog(), ["Pass.", "agrees with every record"], ["Fail.", "Not established."]),
        (
            CheckedLog(problems=["A record has no line."], missing=["The log has a gap"]),
            ["Fail.", "A record has no line.", "Not proven: The log has a gap."],
            ["Pass.", "Not established."],
        ),
        (
            CheckedLog(missing=["The log has a gap"]),
            ["Not established.", "Not proven: The log has a gap."],
            ["Pass.", "Fail.", "agrees with every record"],
        ),
        (CheckedLog(problems=[f"problem {number}" for number in range(51)]), ["Not listed: 1 problem."], []),
    ],
)
def test_it_says_what_the_vaults_log_says_of_the_records_and_no_more(make_file, occasion, log, said, unsaid):
    text = json.dumps(document(make_file(compared=None), log, occasion, {}))
    assert all(words in text for words in said)
    assert not any(words in text for words in unsaid)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (COMPARED, "Pass. Issued 5, used 4, recorded 5, from"),
        (
            replace(COMPARED, missing=["one log is not read"]),
            "Not established: one log is not read. Issued 5",
        ),
        (None, "Not established: they were not compared"),
    ],
)
def test_each_run_has_the_verdict_of_its_comparison(make_file, occasion, found, said):
    file = make_file()
    compared = replace(file, runs=[replace(run, compared=found) for run in file.runs])
    assert said in json.dumps(document(compared, CheckedLog(), occasion, {}))
    (run,) = contract_file(compared, LogExtract(), occasion)["runs"]
    stated = run["compared"]
    assert (stated and (stated["verdict"], stated["not_proven"])) == (
        found and (found.verdict, found.missing)
    )


@pytest.mark.parametrize(
    ("flags", "printed"),
    [(0, "Yes, as far as these checks can show."), (2, "No: 2 blocking flags not closed.")],
)
def test_whether_it_was_ready_to_sign_is_printed_and_stated(occasion, make_file, flags, printed):
    file = make_file(flags=flags)
    assert printed in json.dumps(document(file, CheckedLog(), occasion, {}))
    stated = contract_file(file, LogExtract(), occasion)["sign_off"]
    assert stated["ready"] is (flags == 0)
    assert [
        point["open_because"] for point in stated["checklist"] if point["required"] and point["open_because"]
    ] == (["2 blocking flags not closed"] if flags else [])
