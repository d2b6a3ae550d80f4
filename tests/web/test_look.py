"""The frame of the pages: the design system if it is installed, a plain style if not, and the building blocks."""

import json
import re
from io import BytesIO
from pathlib import Path
from zipfile import ZipFile

import pytest
from flask import render_template_string

from infra import design_system

pytestmark = pytest.mark.whole_system

ROOT = Path(__file__).parents[2]
INSTALLED = ROOT / "app/web/static/uswds/.ready"
HEAD = ("link", "script")


@pytest.fixture
def loaded(read):
    """Addresses of what a page asks the browser to load."""

    def of(client, address="/flags"):
        document = read(client, address)
        found = [each.get("href") or each.get("src") for each in document.all(*HEAD)]
        assert all(client.get(each, buffered=True).status_code == 200 for each in found)
        return found

    return of


@pytest.mark.skipif(
    not INSTALLED.is_file(), reason="the design system is not installed: make setup, with npm"
)
def test_the_design_system_is_served_with_all_it_refers_to(client, loaded):
    assert {"/static/uswds/css/uswds.min.css", "/static/uswds/js/uswds.min.js"} <= set(loaded(client))
    sheet = client.get("/static/uswds/css/uswds.min.css", buffered=True).text
    files = set(re.findall(r"url\(\.\./([^)]+)\)", sheet)) - {"img/hero.jpg"}
    assert len(files) > 20
    missing = [
        file for file in files if client.get(f"/static/uswds/{file}", buffered=True).status_code != 200
    ]
    assert missing == []
    assert "Source Sans" not in sheet
    assert "sourceMappingURL" not in client.get("/static/uswds/js/uswds.min.js", buffered=True).text


def test_without_the_design_system_pages_are_plain_and_ask_for_nothing_missing(client, loaded):
    client.application.jinja_env.globals["uswds"] = False
    found = loaded(client)
    assert "/static/plain.css" in found
    assert not [each for each in found if "uswds" in each]


@pytest.mark.parametrize("demo", [True, False])
def test_only_demo_installations_are_marked_as_demos(client_of, read, triaged, demo):
    told = client_of(demo=demo)
    assert ("Demo – not an official government website" in read(told, "/flags").text) is demo
    assert ("This is a demonstration." in read(client_of(persona=None, demo=demo), "/sign-in").text) is demo
    bundle = told.get(f"/actions/{next(iter(triaged))}/contract-file.zip")
    with ZipFile(BytesIO(bundle.data)) as opened:
        assert json.loads(opened.read("manifest.json"))["demonstration"] is demo


def test_no_page_shows_the_banner_of_government_sites(client):
    html = client.get("/flags").text
    assert "usa-banner" not in html
    assert "An official website" not in html


def test_the_lock_names_versions_and_digests_but_no_host():
    text = (ROOT / "package-lock.json").read_text()
    assert "http" not in text
    packages = json.loads(text)["packages"]
    assert all(each["integrity"] for name, each in packages.items() if name)


def test_a_style_sheet_with_other_fonts_than_expected_is_refused():
    with pytest.raises(LookupError, match="fonts"):
        design_system.stylesheet("@font-face{font-family:Other}body{color:red}")


def test_without_npm_the_set_up_ends_well(monkeypatch, capsys):
    monkeypatch.setattr(design_system.shutil, "which", lambda _: None)
    assert design_system.main() == 0
    assert "npm is not installed" in capsys.readouterr().err


BLOCKS = """{% extends "base.html" %}
{% from "components/tags.html" import icon, outcome, severity, tag %}
{% from "components/messages.html" import alert, flashed, step_indicator, summary_box %}
{% from "components/tables.html" import breadcrumb, cell, choice, choices, head, line, pagination, side_navigation, table %}
{% from "components/forms.html" import button, button_group, button_link, date_range, error_summary,
    filter_form, form, radios, select, text, textarea %}
{% block title %}Blocks{% endblock %}
{% block way %}{{ breadcrumb((("Flags", "/flags"), ("Blocks", none))) }}{% endblock %}
{% block side %}{{ side_navigation("On this page", (("Forms", "#forms"),)) }}{% endblock %}
{% block main %}
<h1>Blocks</h1>
<p>{{ severity("blocking") }} {{ tag("Allowed", "good") }} {{ outcome("failed") }} {{ icon("check") }}</p>
{% call alert("warning", "Heading") %}<p>Text</p>{% endcall %}{{ flashed() }}
{% call summary_box("First", "first") %}<p>Text</p>{% endcall %}
{{ step_indicator(("One", "Two", "Three"), 2, "Steps") }}{{ step_indicator(("One",), 2, "All steps") }}
{% call table("Stacked", ("Name", ("Amount", "number")), keys=true, stacked=true) %}
{% call line() %}{% call head() %}n{% endcall %}{% call cell("Amount", "number") %}1{% endcall %}{% endcall %}
{% endcall %}
{% call table("Plain", ("Name",)) %}<tr><th scope="row">n</th></tr>{% endcall %}
{{ pagination("More", first=("First", "/flags"), following=("Next", "/runs")) }}{{ pagination("None") }}
{% call choices("Severity") %}{{ choice("Any", "/flags", 3, true) }}{% endcall %}
{% call choices("Rule", folded=true) %}{{ choice("Any", "/flags") }}{% endcall %}
<h2 id="forms">Forms</h2>
{% call filter_form("/flags", "Filter", clear="/flags") %}
{{ text("q", "Search", none, hint="Words", type="search") }}{{ select("severity", "Severity", ("a", ("b", "B")), "b", empty="Any") }}
{{ date_range("found", "Found", "2026-09-14") }}
{% endcall %}
{{ error_summary({"reason": "Enter a reason"}) }}{{ error_summary({}) }}
{% call form("/flags", decision=true) %}
{{ radios("decision", "Decision", (("a", "A", "More"), ("b", "B")), "b", error="Choose one", required=true) }}
{{ textarea("reason", "Reason", "<&", error="Enter a reason", hint="Short", required=true) }}
{{ button_group(button("Save", name="do", value="save"), button_link("Cancel", "/flags", "outline")) }}
{% endcall %}
{% endblock %}
"""


@pytest.mark.parametrize("designed", [True, False])
def test_all_building_blocks_make_a_sound_page(client, read, monkeypatch, designed):
    app = client.application
    app.jinja_env.globals["uswds"] = designed
    monkeypatch.setitem(app.view_functions, "runs.queue", lambda: render_template_string(BLOCKS))
    page = read(client, "/runs")
    assert "Step 2 of 3: Two" in page.text
    assert "All 1 steps are done" in page.text
    (field,) = page.all("textarea")
    assert field["aria-describedby"] == "hint-reason error-reason"
    assert field["aria-invalid"] == "true"
    assert [each["value"] for each in page.all("input") if "checked" in each and "name" in each] == ["b"]
