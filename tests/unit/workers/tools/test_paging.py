"""All pages: a short, repeated or endless list ends in an error, after the rows that came."""

from uuid import uuid4

import pytest
from pydantic import BaseModel

from workers.paging import all_rows
from workers.runtime.answer import Answer, ToolError


class Numbers(BaseModel):
    total: int
    rows: list[int]


class Served:
    """Answers each question with the next of its bodies; the last one stays."""

    def __init__(self, *bodies) -> None:
        self.bodies = list(bodies)
        self.asked = []

    def get(self, _, params):
        self.asked.append(params)
        body = self.bodies.pop(0) if len(self.bodies) > 1 else self.bodies[0]
        return Answer(uuid4(), body)


def page(*rows, total):
    return {"total": total, "rows": list(rows)}


def rows(served, **changed):
    settings = {"page": Numbers, "number": "page", "size": 2, "most": 3, **changed}
    return [row for row, _ in all_rows(served, "/rows", {"of": "x"}, **settings)]


def test_pages_are_asked_for_until_all_rows_are_there():
    served = Served(page(1, 2, total=3), page(3, total=3))
    assert rows(served) == [1, 2, 3]
    assert served.asked == [{"of": "x", "page": "0"}, {"of": "x", "page": "1"}]


def test_one_page_is_one_call():
    served = Served(page(1, 2, total=2))
    assert rows(served) == [1, 2]
    assert len(served.asked) == 1


def test_each_row_knows_the_call_that_brought_it():
    found = list(
        all_rows(
            Served(page(1, 2, total=3), page(3, total=3)),
            "/rows",
            {},
            page=Numbers,
            number="page",
            size=2,
            most=3,
        )
    )
    assert len({call for _, call in found}) == 2


@pytest.mark.parametrize(
    ("bodies", "reason"),
    [
        ([page(1, total=3)], "1 of 3 rows"),
        ([page(1, 2, total=3), page(total=3)], "2 of 3 rows"),
        ([page(1, 2, total=4), page(1, 2, total=4)], "page 2 repeats the one before"),
        ([page(1, 2, total=9), page(3, 4, total=9), page(5, 6, total=9)], "6 of 9 rows"),
        ([page(1, 2, total=2**40)] * 2, "repeats"),
    ],
)
def test_a_partial_answer_is_refused(bodies, reason):
    with pytest.raises(ToolError, match=f"partial answer: .*{reason}"):
        rows(Served(*bodies))


def test_the_rows_before_the_error_are_returned():
    found = all_rows(
        Served(page(1, 2, total=3), page(total=3)), "/", {}, page=Numbers, number="p", size=2, most=3
    )
    assert [next(found)[0], next(found)[0]] == [1, 2]
    with pytest.raises(ToolError, match="2 of 3 rows"):
        next(found)


def test_204_means_no_rows_only_for_some_services_and_on_the_first_page():
    assert rows(Served(None), empty_is_204=True) == []
    with pytest.raises(ToolError, match="unreadable answer"):
        rows(Served(None))
    with pytest.raises(ToolError, match="unreadable answer"):
        rows(Served(page(1, 2, total=3), None), empty_is_204=True)


def test_a_negative_total_is_not_believed_where_the_tools_model_says_so():
    from workers.payloads.entities import Entities  # noqa: PLC0415

    with pytest.raises(ToolError, match="unreadable answer: totalRecords"):
        list(
            all_rows(
                Served({"totalRecords": -1, "entityData": []}),
                "/",
                {},
                page=Entities,
                number="page",
                size=10,
                most=1,
            )
        )
