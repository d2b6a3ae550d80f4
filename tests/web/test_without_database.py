"""Pages for signed-in people while the database is away."""

from urllib.parse import urlsplit

from sqlalchemy.exc import OperationalError

from app.web import sign_in
from app.web.sign_in import recent_sessions


def test_a_recent_session_can_read_the_state_of_the_stack_for_five_minutes(
    system, client_of, session_of, monkeypatch
):
    client = client_of(persona=None)
    app = client.application
    sign_in.init_app(app, system.settings("web"), system.sessions)
    web = urlsplit(system.stack.endpoints["web"])
    client.set_cookie("__Host-triage", session_of("operator-a"), domain=web.hostname)

    def away(*_, **__):
        raise OperationalError("", {}, Exception())

    assert client.get("/flags").status_code == 200
    monkeypatch.setattr(app.session_interface._store, "open", away)
    page = client.get("/stack")
    assert page.status_code == 200
    assert "Security operator A" in page.text
    assert client.get("/flags").status_code == 503
    monkeypatch.setattr(recent_sessions, "_MAX_AGE", 0)
    assert client.get("/stack").status_code == 503
