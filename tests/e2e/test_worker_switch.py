"""The switch of one worker in a browser, from the start page of operators, on a desk and on phones."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import DESKTOP, PHONE
from tests.e2e.test_accessibility import problems

#: As long as the name of a host may be.
HOST = "agent-worker-7f9c6b5d48-x2x9q.triage-production.contracts.example"[:63]
NAME = f"{HOST}:4194304"
OFF, ON = (f"/switches/worker/{NAME}/{turn}" for turn in ("off", "on"))


@pytest.fixture
def _seen(system):
    """A worker of that name has reported."""
    system.execute(
        "INSERT INTO clock (process, host, reporter, ahead, measured_at, is_off, rests_since)"
        " VALUES ('worker', %s, '4194304', 0, now(), false, now())",
        HOST,
    )
    yield
    system.execute("DELETE FROM clock WHERE host = %s", HOST)


def pictured(page, name):
    """A picture for who looks, if PICTURES names a folder."""
    if folder := os.environ.get("PICTURES"):
        for width in (1280, 375, 320):
            page.set_viewport_size({"width": width, "height": 740})
            page.screenshot(path=Path(folder) / f"{name}-{width}.png", full_page=True)


@pytest.mark.usefixtures("_seen")
def test_from_the_start_page_it_is_switched_off_and_on(person):
    page, found = person("operator-a"), []

    def looked_at(*addresses):
        for address in addresses:
            for size in (DESKTOP, PHONE):
                found.extend(problems(page, address, size))
            pictured(
                page, f"{address.strip('/').split('/')[0] or 'start'}-{len(found)}-{address[-3:].strip('/')}"
            )

    looked_at("/", "/switches", OFF)
    for turn, address, effect in (
        ("off", OFF, "It holds no run and, by its own word, takes no messages."),
        ("on", ON, "It holds no run."),
    ):
        page.goto("/")
        page.locator(f"a[href='{address}']").click()
        if turn == "off":
            expect(page.locator("main")).to_contain_text("This does not contain a stolen host")
        page.get_by_label("Reason").fill("Its disk is full.")
        page.get_by_role("button", name=f"Switch {turn}").click()
        row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=f"The worker {NAME} One"))
        expect(row).to_contain_text(effect)
        if turn == "off":
            looked_at("/", "/switches", ON)
    assert found == []
