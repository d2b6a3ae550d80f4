"""Signing in and out, through the real provider."""

import hashlib
import re
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit, urlunsplit

import pytest

from app.connections.secret_files import SettingsError
from app.web.sign_in import provider
from app.web.sign_in.redirects import safe_local_path

COOKIE = "__Host-triage"


@pytest.fixture
def host(system):
    return urlsplit(system.stack.endpoints["web"]).hostname


@pytest.fixture
def nobody(client_of):
    return client_of(persona=None)


@pytest.fixture
def arrive(nobody, browser):
    """Signs a person in with a new client, optionally on the way to a page, and returns the last answer."""

    def signed_in(persona, client=nobody, **query):
        back = browser.choose(client.get("/sign-in/start", query_string=query).location, persona)
        return client.get(back)

    return signed_in


def cookie_of(client, host):
    return client.get_cookie(COOKIE, domain=host).value


def changed(address, **query):
    parts = urlsplit(address)
    return urlunsplit(parts._replace(query=urlencode({**dict(parse_qsl(parts.query)), **query})))


def stored(system, session_id):
    digest = hashlib.sha256(session_id.encode()).hexdigest()
    return system.rows("SELECT * FROM web_session WHERE id_hash = %s", digest)


AGED = {
    "seen_at": "UPDATE web_session SET seen_at = seen_at - %s::interval WHERE id_hash = %s",
    "created_at": "UPDATE web_session SET created_at = created_at - %s::interval WHERE id_hash = %s",
}


def aged(system, session_id, column, interval):
    system.execute(AGED[column], interval, hashlib.sha256(session_id.encode()).hexdigest())


def test_a_visitor_signs_in_and_reaches_the_requested_page(nobody, arrive, read):
    asked = nobody.get("/flags?rule=R01")
    assert asked.status_code == 302
    assert asked.location.startswith("/sign-in?")
    (following,) = parse_qs(urlsplit(asked.location).query)["next"]
    assert "Sign in" in read(nobody, asked.location).text
    answer = arrive("officer-a", next=following)
    assert (answer.status_code, answer.location) == (302, "/flags?rule=R01")
    assert "Contracting officer A" in read(nobody, "/flags?rule=R01").text


def test_the_cookie_is_host_only_secure_and_hidden_from_scripts(arrive):
    cookies = arrive("officer-a").headers.getlist("Set-Cookie")
    assert len(cookies) == 1
    name, _, rest = cookies[0].partition("=")
    value, *attributes = rest.split("; ")
    assert name == COOKIE
    assert sorted(attributes) == ["HttpOnly", "Path=/", "SameSite=Lax", "Secure"]
    assert re.fullmatch(r"[\w-]{43}", value)  # 256 bits


def test_the_database_knows_the_id_by_its_hash_only(system, nobody, arrive, host):
    arrive("officer-b")
    value = cookie_of(nobody, host)
    (row,) = stored(system, value)
    assert (row["subject"], row["roles"]) == ("officer-b", ["officer"])
    assert system.rows("SELECT 1 FROM web_session WHERE web_session::text LIKE %s", f"%{value[:20]}%") == []


@pytest.mark.parametrize("planted", [False, True])
def test_signing_in_gives_a_new_session_id(system, nobody, browser, host, planted):
    if planted:
        nobody.set_cookie(COOKIE, "x" * 43, domain=host)
    back = browser.choose(nobody.get("/sign-in/start").location, "officer-a")
    before = cookie_of(nobody, host)
    assert before != "x" * 43
    nobody.get(back)
    assert cookie_of(nobody, host) != before
    assert stored(system, before) == []


@pytest.mark.parametrize(
    "elsewhere",
    [
        "https://evil.example/",
        "//evil.example",
        "///evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "http:/flags",
        "javascript:alert(1)",
        "flags",
        "@evil.example",
        "//[",
        "/" + "a" * 3_000,
        "",
        None,
    ],
)
def test_redirects_to_other_sites_are_replaced(elsewhere):
    assert safe_local_path(elsewhere) == "/"


@pytest.mark.parametrize(
    "here", ["/", "/flags", "/flags?rule=R01&severity=blocking", "/runs/1#step-2", "/a//b"]
)
def test_paths_of_this_application_are_kept(here):
    assert safe_local_path(here) == here


def test_a_redirect_to_another_site_leads_home(arrive):
    assert arrive("officer-a", next="//evil.example/").location == "/"


def refused(answer):
    assert answer.status_code == 400
    assert "You are not signed in" in answer.text
    return answer.text


def test_a_response_is_accepted_once(nobody, browser, client_of):
    back = browser.choose(nobody.get("/sign-in/start").location, "officer-a")
    assert nobody.get(back).status_code == 302
    assert "already completed" in nobody.get(back).text
    assert "already completed" in refused(client_of(persona=None).get(back))


def test_a_second_tab_learns_that_the_first_has_signed_in(nobody, browser):
    """Its own sign-in would replace the session of the first."""
    first, second = (nobody.get("/sign-in/start").location for _ in range(2))
    assert nobody.get(browser.choose(second, "officer-a")).status_code == 302
    late = nobody.get(browser.choose(first, "officer-b"))
    assert late.status_code == 400
    assert "You are already signed in" in late.text
    assert "signed in as Contracting officer A" in late.text
    assert "You are not signed in" not in late.text
    assert nobody.get("/flags").status_code == 200


def test_a_response_is_accepted_only_in_the_same_browser(client_of, nobody, browser):
    back = browser.choose(nobody.get("/sign-in/start").location, "officer-a")
    assert "another browser" in refused(client_of(persona=None).get(back))


@pytest.mark.parametrize(
    "wrong",
    [{"state": "made-up"}, {"code": "made-up"}, {"iss": "http://evil.example"}, {"error": "access_denied"}],
)
def test_a_changed_response_is_refused(nobody, browser, wrong):
    back = browser.choose(nobody.get("/sign-in/start").location, "officer-a")
    refused(nobody.get(changed(back, **wrong)))
    assert nobody.get("/flags").status_code == 302


def test_the_token_must_carry_the_nonce_of_this_sign_in(system, nobody, browser, host):
    back = browser.choose(nobody.get("/sign-in/start").location, "officer-a")
    digest = hashlib.sha256(cookie_of(nobody, host).encode()).hexdigest()
    (row,) = system.rows("SELECT data->'sign_in' AS waiting FROM web_session WHERE id_hash = %s", digest)
    (state,) = row["waiting"]
    system.execute(
        "UPDATE web_session SET data = jsonb_set(data, ARRAY['sign_in', %s, '0'], '\"another\"') WHERE id_hash = %s",
        *(state, digest),
    )
    assert "could not be verified" in refused(nobody.get(back))


def test_the_provider_must_authenticate_the_person_again(nobody):
    asked = parse_qs(urlsplit(nobody.get("/sign-in/start").location).query)
    assert (asked["prompt"], asked["max_age"]) == (["login"], ["0"])


def test_without_a_new_authentication_nobody_is_signed_in(nobody, arrive, monkeypatch):
    monkeypatch.setattr(provider, "_PROVED_WITHIN", -60)  # as if the choice had been made long ago
    assert "you authenticated within the last ten minutes" in refused(arrive("officer-a"))
    assert nobody.get("/flags").status_code == 302


def test_a_code_is_bound_to_its_sign_in(nobody, browser):
    """A code put into another sign-in of the same browser fails by its verifier."""
    first = browser.choose(nobody.get("/sign-in/start").location, "officer-a")
    second = browser.choose(nobody.get("/sign-in/start").location, "officer-b")
    code = dict(parse_qsl(urlsplit(first).query))["code"]
    refused(nobody.get(changed(second, code=code)))


def test_a_sign_in_may_take_ten_minutes(system, nobody, browser, host):
    back = browser.choose(nobody.get("/sign-in/start").location, "officer-a")
    digest = hashlib.sha256(cookie_of(nobody, host).encode()).hexdigest()
    (row,) = system.rows("SELECT data->'sign_in' AS waiting FROM web_session WHERE id_hash = %s", digest)
    (state,) = row["waiting"]
    system.execute(
        "UPDATE web_session SET data = jsonb_set(data, ARRAY['sign_in', %s, '3'], '0') WHERE id_hash = %s",
        *(state, digest),
    )
    assert "longer than ten minutes" in refused(nobody.get(back))


def test_a_cancelled_sign_in_is_refused(nobody, arrive):
    refused(arrive(""))
    assert nobody.get("/flags").status_code == 302


def test_a_session_ends_when_it_is_not_used(system, nobody, arrive, host):
    arrive("officer-a")
    aged(system, cookie_of(nobody, host), "seen_at", "14 minutes")
    assert nobody.get("/flags").status_code == 200  # and that counts as use
    aged(system, cookie_of(nobody, host), "seen_at", "14 minutes")
    assert nobody.get("/flags").status_code == 200
    aged(system, cookie_of(nobody, host), "seen_at", "15 minutes")
    ended = nobody.get("/flags")
    assert ended.status_code == 302
    assert "Max-Age=0" in ended.headers["Set-Cookie"]


def test_a_session_ends_after_twelve_hours_however_much_it_is_used(system, nobody, arrive, host):
    arrive("officer-a")
    aged(system, cookie_of(nobody, host), "created_at", "11 hours 59 minutes")
    page = nobody.get("/flags")
    assert page.status_code == 200
    assert "Stay signed in" not in page.text
    aged(system, cookie_of(nobody, host), "created_at", "1 minute")
    assert nobody.get("/flags").status_code == 302


def test_automatic_requests_do_not_extend_a_session(system, nobody, arrive, host):
    arrive("officer-a")
    value = cookie_of(nobody, host)
    aged(system, value, "seen_at", "14 minutes")
    assert nobody.get("/stack").status_code == 200
    assert 50 < nobody.get("/session").json["seconds"] <= 60
    aged(system, value, "seen_at", "1 minute")
    assert nobody.get("/stack").status_code == 302


def test_the_page_says_when_the_session_ends_and_lets_it_be_extended(system, nobody, arrive, host, read):
    arrive("officer-a")
    aged(system, cookie_of(nobody, host), "seen_at", "14 minutes")
    page = read(nobody, "/stack")
    assert re.search(
        r"Your session ends at \S+ [\d:]+ E[SD]T \((?:\S+ )?[\d:]+ UTC\), unless you load another page",
        page.text,
    )
    token = next(field["value"] for field in page.all("input") if field.get("name") == "csrf_token")
    extended = nobody.post("/session/extend", data={"csrf_token": token, "next": "/stack"})
    assert (extended.status_code, extended.location) == (303, "/stack")
    assert nobody.get("/session").json["seconds"] > 890
    told = {"csrf_token": token, "next": "//evil.example"}
    assert nobody.post("/session/extend", data=told).location == "/"
    asked = nobody.post("/session/extend", data=told, headers={"Accept": "application/json"})
    assert asked.json["seconds"] > 890


def token_in(client):
    return re.search(r'name="csrf_token" value="([^"]+)"', client.get("/flags").text).group(1)


def test_signing_out_ends_the_session_here_and_goes_on_to_the_provider(system, nobody, arrive, host, browser):
    arrive("officer-a")
    value = cookie_of(nobody, host)
    answer = nobody.post("/sign-out", data={"csrf_token": token_in(nobody)})
    assert answer.status_code == 303
    assert answer.location.startswith(system.stack.endpoints["identity-provider"] + "/end-session?")
    assert browser.follow(answer.location) == system.stack.endpoints["web"] + "/signed-out"
    assert "You are signed out" in nobody.get("/signed-out").text
    assert stored(system, value) == []
    nobody.set_cookie(COOKIE, value, domain=host)
    assert nobody.get("/flags").status_code == 302


def test_signing_out_everywhere_ends_only_the_sessions_of_this_person(client_of, arrive):
    here, there, somebody = (client_of(persona=None) for _ in range(3))
    for client in (here, there):
        arrive("officer-b", client)
    arrive("auditor-a", somebody)
    assert there.get("/flags").status_code == 200
    assert here.post("/sign-out-everywhere", data={"csrf_token": token_in(here)}).status_code == 303
    assert there.get("/flags").status_code == here.get("/flags").status_code == 302
    assert somebody.get("/flags").status_code == 200


def test_a_form_without_its_csrf_token_is_refused(client_of, nobody, arrive, read):
    arrive("officer-a")
    other = client_of(persona=None)
    arrive("officer-a", other)
    for token in ({}, {"csrf_token": "made up"}, {"csrf_token": token_in(other)}):
        answer = nobody.post("/sign-out", data=token)
        assert answer.status_code == 400
        assert 'data-error="expired-form"' in answer.text
        assert "copy what you typed" in answer.text
    assert nobody.get("/flags").status_code == 200


def test_a_form_sent_after_the_session_ended_says_so(nobody):
    answer = nobody.post("/sign-out")
    assert answer.status_code == 401
    assert 'data-error="signed-out"' in answer.text


def test_too_many_sign_ins_are_held_back(client_of):
    client = client_of(persona=None, sign_ins_per_minute=2)
    assert [client.get("/sign-in/start").status_code for _ in range(3)] == [302, 302, 429]
    answer = client.get("/sign-in/start")
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert 'data-error="too-many-requests"' in answer.text
    assert client.get("/sign-in").status_code == 200


def test_too_many_writes_of_one_person_are_held_back(client_of):
    client = client_of(persona="officer-a", writes_per_minute=2)
    assert [client.post("/session/extend").status_code for _ in range(3)] == [400, 400, 429]
    assert client.get("/flags").status_code == 200


def test_other_host_names_redirect_to_the_registered_one(system, nobody):
    web = system.stack.endpoints["web"]
    answer = nobody.get("/sign-in/start?next=/runs", base_url="http://localhost:1")
    assert answer.location == f"{web}/sign-in/start?next=/runs&moved=1"
    again = nobody.get(answer.location.removeprefix(web), base_url="http://localhost:1")
    assert again.location.startswith(system.stack.endpoints["identity-provider"])


def test_a_provider_that_names_another_issuer_signs_nobody_in(system, client_of, read):
    issuer = system.stack.endpoints["identity-provider"].replace("127.0.0.1", "localhost")
    page = read(client_of(persona=None, oidc_issuer=issuer), "/sign-in/start", status=503)
    assert page.error == "provider-wrong"


def test_signing_out_needs_no_provider(client_of, arrive, nobody, host):
    client = client_of(persona=None, oidc_issuer="http://127.0.0.1:9")
    arrive("officer-a")
    client.set_cookie(COOKIE, cookie_of(nobody, host), domain=host)
    answer = client.post("/sign-out", data={"csrf_token": token_in(client)})
    assert (answer.status_code, answer.location) == (303, "/signed-out")
    assert nobody.get("/flags").status_code == 302


def test_only_an_address_over_https_promises_to_stay_there(client_of, nobody):
    assert "Strict-Transport-Security" not in nobody.get("/sign-in").headers
    headers = client_of(persona=None, web_address="https://triage.example").get("/sign-in").headers
    assert headers["Strict-Transport-Security"].startswith("max-age=")


def test_the_script_nonce_is_another_one_each_time(nobody):
    seen = {nobody.get("/sign-in").headers["Content-Security-Policy"] for _ in range(3)}
    assert len(seen) == 3


@pytest.mark.parametrize(("mode", "content"), [(0o644, "k" * 40), (0o600, "short"), (None, "")])
def test_a_key_others_can_read_or_guess_keeps_the_application_from_starting(
    client_of, tmp_path, mode, content
):
    file = tmp_path / "web-key"
    if mode is not None:
        file.write_text(content)
        file.chmod(mode)
    with pytest.raises(SettingsError, match="WEB_KEY_FILE"):
        client_of(persona=None, web_key_file=file)


def test_pages_come_without_a_session_of_their_own(system, nobody):
    """A style sheet, a health check or the sign-in page leave no row behind."""
    count = "SELECT count(*) AS n FROM web_session"
    before = system.rows(count)
    for address in ("/healthz", "/static/pages.css", "/sign-in", "/nothing"):
        assert "Set-Cookie" not in nobody.get(address, buffered=True).headers
    assert system.rows(count) == before
