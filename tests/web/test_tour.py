"""The tour for presenters: the same as the script, ten minutes, and each link leads somewhere."""

from pathlib import Path
from urllib.parse import urlsplit

from app.web import tour_scenes

SCRIPT = Path(__file__).parents[2] / "docs" / "demo-script.md"


def test_the_script_is_up_to_date():
    assert SCRIPT.read_text(encoding="utf-8") == tour_scenes.page()


def test_it_takes_ten_minutes():
    assert sum(scene.minutes for scene in tour_scenes.SCENES) == 10


def test_each_link_leads_to_a_page_that_its_person_may_see(client_of, read):
    clients = {role: client_of(persona=f"{role}-a", demo=True) for role in ("officer", "operator")}
    page = read(clients["operator"], "/tour")
    for scene in tour_scenes.SCENES:
        assert scene.say in page.text
        for move in scene.moves:
            if move.endpoint:
                with clients["operator"].application.test_request_context():
                    address = urlsplit(clients["operator"].application.url_for(move.endpoint)).path
                assert address in page.links
                read(clients[move.by.value], address)


def test_only_demonstrations_have_it(client_of):
    assert client_of(persona="operator-a", demo=False).get("/tour").status_code == 404
