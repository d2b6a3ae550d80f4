"""Pictures of the main pages for the documentation: `make pictures` renews them."""

import pytest

from tests.e2e.conftest import DESKTOP, PHONE

ACTION = "ACT-2026-0012"
#: What is seen at once, in pictures that stand beside each other; the whole page is taken, too. `DESKTOP` is whole alone.
SCREEN = {"width": 1280, "height": 1280}


@pytest.fixture(scope="module")
def found(system):
    """Flags of an action with something wrong in every system, and its run."""
    (run, *_) = system.run(ACTION, *(f"ACT-2026-{n:04}" for n in (2, 3, 4, 5, 6, 7, 9, 10)))
    rows = system.rows("SELECT flag_id, rule FROM flag WHERE run_id = %s", run)
    return {"run": run, **{row["rule"]: row["flag_id"] for row in rows}}


@pytest.mark.parametrize(
    "shown",
    [
        ("sign-in", None, "/sign-in", DESKTOP),
        ("start", "officer-a", "/", DESKTOP),
        ("queue", "officer-a", "/flags", SCREEN),
        ("queue-phone", "officer-a", "/flags", PHONE),
        ("flag", "officer-a", "/flags/{R01}", SCREEN),
        ("flag-phone", "officer-a", "/flags/{R01}", PHONE),
        ("exclusion", "officer-a", "/flags/{E01}", DESKTOP),
        ("run", "auditor-a", "/runs/{run}", DESKTOP),
        ("action", "officer-a", "/actions/" + ACTION, DESKTOP),
        ("stack", "operator-a", "/stack", DESKTOP),
    ],
    ids=lambda shown: shown[0],
)
def test_the_page_can_be_shown(person, context_of, found, pictures, shown):
    name, subject, address, viewport = shown
    page = person(subject, viewport=viewport) if subject else context_of(viewport=viewport).new_page()
    wrong = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    answer = page.goto(address.format(**found))
    assert answer.status == 200
    page.screenshot(path=pictures / f"{name}.png", full_page=viewport is DESKTOP, animations="disabled")
    if viewport is SCREEN:
        page.screenshot(path=pictures / f"{name}-whole.png", full_page=True, animations="disabled")
    assert not wrong
    assert (pictures / f"{name}.png").stat().st_size > 10_000
