"""A sign-in leaves no session id, no code and no token anywhere."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

COOKIE = "__Host-triage"


@pytest.fixture
def left_behind(system, browser, tokens_of):
    """What browsers and programs were given, in sign-ins that went well and in some that did not."""
    secrets = set()
    with httpx.Client(base_url=system.stack.endpoints["web"], timeout=10, trust_env=False) as pages:

        def get(address, session_id="", **headers):
            answer = pages.get(address, headers={"Cookie": f"{COOKIE}={session_id}", **headers})
            pages.cookies.clear()
            secrets.update(filter(None, [answer.cookies.get(COOKIE)]))
            return answer

        def begin(persona):
            start = get("/sign-in/start")
            back = browser.choose(start.headers["Location"], persona)
            (code,) = parse_qs(urlsplit(back).query)["code"]
            secrets.add(code)
            return start.cookies[COOKIE], back, code

        for persona in ("officer-a", "visitor-a"):
            session_id, back, _ = begin(persona)
            arrived = get(back, session_id).cookies[COOKIE]
            assert get("/flags", arrived).status_code == (200 if persona == "officer-a" else 403)
            assert get(back, session_id).status_code == 400  # again
        session_id, back, code = begin("officer-b")
        assert get(back).status_code == 400  # from another browser
        assert get(back.replace(code, code[::-1]), session_id).status_code == 400  # with a wrong code

        tokens = tokens_of("officer-b")
        secrets |= {tokens["code"], tokens["access_token"], tokens["id_token"]}
        for token in (tokens["access_token"], tokens["id_token"], tokens["access_token"] + "x"):
            header = {"Authorization": f"Bearer {token}"}
            assert get("/flags", **header).status_code == 302
            get("/api/v1/flags", **header)
            get(f"/flags?severity={token}", arrived, **header)
    exchange = {"grant_type": "authorization_code", "client_id": "triage-web", "code": tokens["code"]}
    provider = system.stack.endpoints["identity-provider"]
    assert httpx.post(f"{provider}/token", data=exchange, trust_env=False).status_code == 400
    return secrets


def test_no_session_id_code_or_token_is_left_anywhere(system, search, left_behind):
    assert len(left_behind) == 3 + 2 + 3 + 3  # ids before and after, codes of browsers, what a program got
    (row,) = system.rows("SELECT count(*) AS n FROM web_session WHERE subject = 'officer-a'")
    assert row["n"] >= 1
    assert not search.find(left_behind)
