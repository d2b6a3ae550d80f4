"""The parser of these tests notices the defects it exists to notice."""

import pytest
from flask import Flask

SOUND = """<!doctype html><html lang="en"><head><title>T</title></head><body><a href="#main">Skip</a>
<main id="main"><h1>H</h1><h2 id="a">A</h2><p aria-labelledby="a">text</p>{}</main></body></html>"""


@pytest.fixture
def reading(read):
    def of(fragment):
        app = Flask("reader")
        app.add_url_rule("/", view_func=lambda: SOUND.format(fragment))
        return read(app.test_client(), "/")

    return of


def test_a_sound_page_passes(reading):
    assert reading("<ul><li>one</li><li>two</li></ul>").text == "Skip H A text one two"


@pytest.mark.parametrize(
    "fragment",
    [
        "<p>never closed",
        "<b><i>crossed</b></i>",
        "<p id=main>twice</p>",
        "<h1>again</h1>",
        "<h4>too deep</h4>",
        "<table><caption>c</caption><tr><th>no scope</th></tr></table>",
        "<table><tr><td>no caption</td></tr></table>",
        "<p aria-labelledby=nobody>named by nobody</p>",
        "<p style='color:red'>inline</p>",
        "<p onclick='x()'>inline</p>",
        "<script>x()</script>",
        "<form method='post' action='/'><button>send</button></form>",
        "<a href='https://elsewhere.example/'>out</a>",
        "<a href='#nowhere'>in</a>",
        "eyJhbGciOiJFUzI1NiJ9.eyJzdWIi",
        "s.2f6XQdHn3hTj0pLmKq9aBcDe",
        "hvs.CAESIJ2f6XQdHn3hTj0pLmKq9aBcDe",
        "the vendor violated a rule",
    ],
)
def test_a_faulty_page_does_not(reading, fragment):
    with pytest.raises(AssertionError):
        reading(fragment)
