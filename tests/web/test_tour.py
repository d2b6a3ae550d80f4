"""The tour for presenters: the same as the script, and ten minutes."""

from pathlib import Path

from app.web import tour_scenes

SCRIPT = Path(__file__).parents[2] / "docs" / "demo-script.md"


def test_the_script_is_up_to_date():
    assert SCRIPT.read_text(encoding="utf-8") == tour_scenes.page()


def test_it_takes_ten_minutes():
    assert sum(scene.minutes for scene in tour_scenes.SCENES) == 10
