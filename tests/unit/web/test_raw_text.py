"""Bytes made readable without a change of meaning."""

import json

from hypothesis import given
from hypothesis import strategies as st

from app.web.raw_text import SHOWN, readable

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=20,
)


@given(VALUES.filter(lambda value: isinstance(value, list | dict)))
def test_json_in_lines_has_the_same_content(value):
    text, cut = readable(json.dumps(value).encode())
    assert not cut
    assert json.loads(text) == value


def test_numbers_and_repeated_names_stay_as_sent():
    text, _ = readable(b'{"a":1.10,"a":1e2,"b":"x, {y}: \\"z\\""}')
    assert text == '{\n  "a": 1.10,\n  "a": 1e2,\n  "b": "x, {y}: \\"z\\""\n}'


def test_bytes_that_are_not_text_are_escaped():
    assert readable(b"\xff\xfe<b>") == ("\\xff\\xfe<b>", False)


def test_depth_and_length_are_bounded():
    text, cut = readable(b"[" * 2_000_000)
    assert cut
    assert len(text) == SHOWN
