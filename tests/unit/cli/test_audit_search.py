"""`triage audit search` reads as many pages of the API as it needs."""

from app.cli import audit_search


def test_more_lines_than_one_answer_holds_are_read_page_by_page():
    class Api:
        def __init__(self) -> None:
            self.address, self.asked = "here", []

        def get(self, path, _):
            self.asked.append(path)
            last = 10 - len(self.asked)
            return {"items": [{"number": last}], "next": "more" if last > 7 else None}

    api = Api()
    assert list(audit_search._lines(api, {"kind": "issued"}, 2)) == [{"number": 9}, {"number": 8}]
    assert api.asked == ["/vault-log?kind=issued&limit=2", "/vault-log?kind=issued&before=9&limit=1"]
    assert [each["number"] for each in audit_search._lines(Api(), {}, 200)] == [9, 8, 7]
