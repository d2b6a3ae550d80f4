"""Access control: every role on every route; a route must have a line in both tables."""

import re
from itertools import product
from urllib.parse import urlsplit

import pytest
from flask import Flask

from app.review.roles import Permission
from app.web import access
from app.web.access import ACCESS, API, Open, UnlistedError
from app.web.error_texts import TEXTS

EVERYBODY = "officer auditor operator"
#: Endpoint to the roles that reach it, written by hand and apart from the application's own table.
REACHED_BY = {
    "static": "public",
    "start.health": "public",
    "start.ready": "public",
    "start.home": EVERYBODY,
    "flags.queue": EVERYBODY,
    "flags.show": EVERYBODY,
    "bulk.look": "officer",
    "bulk.do": "officer",
    "saved_views.save": EVERYBODY,
    "saved_views.rename": EVERYBODY,
    "saved_views.delete": EVERYBODY,
    "news.events": EVERYBODY,
    "news.since": EVERYBODY,
    "calls.answer": EVERYBODY,
    "calls.download": "officer auditor",
    "decisions.back": EVERYBODY,
    "decisions.decide": "officer",
    "decisions.concur": "officer",
    "decisions.undo": "officer",
    "decisions.assign": "officer",
    "decisions.comment": "officer",
    "drafts.save": "officer",
    "drafts.discard": "officer",
    "runs.queue": EVERYBODY,
    "runs.show": EVERYBODY,
    "runs.live": EVERYBODY,
    "runs.events": EVERYBODY,
    "runs.confirm_stop": "operator",
    "runs.stop": "operator",
    "actions.queue": EVERYBODY,
    "actions.show": EVERYBODY,
    "actions.request_run": "officer",
    "vendors.show": EVERYBODY,
    "issued_credentials.queue": EVERYBODY,
    "exposure.show": "auditor operator",
    "exposure.compare": "operator",
    "switches.queue": "auditor operator",
    "switches.confirm": "operator",
    "switches.turn": "operator",
    "log_lines.search": "auditor operator",
    "alarms.queue": "auditor operator",
    "alarms.show": "auditor operator",
    "alarms.acknowledge": "operator",
    "alarms.close": "operator",
    "security_events.trail": "auditor operator",
    "three_sides.show": EVERYBODY,
    "tour.show": EVERYBODY,
    "tour.start_again": "operator",
    "rehearsals.show": "auditor operator",
    "rehearsals.start": "operator",
    "days.queue": "auditor operator",
    "days.show": "auditor operator",
    "days.download": "auditor operator",
    "days.start": "operator",
    "help.show": "signed-in",
    "stack.show": EVERYBODY,
    "exports.contract_file": "officer auditor",
    "exports.contract_file_pdf": "officer auditor",
    "exports.flags_csv": "officer auditor",
    "exports.flags_json": "officer auditor",
    "exports.vault_log": "auditor operator",
    "exports.keys": "public",
    "api.openapi": "public",
    "api.me": "signed-in",
    "api.submit": "officer",
    "api.actions": EVERYBODY,
    "api.action": EVERYBODY,
    "api.contract_file": "officer auditor",
    "api.request_run": "officer",
    "api.runs": EVERYBODY,
    "api.run": EVERYBODY,
    "api.stop_run": "operator",
    "api.switches": "auditor operator",
    "api.switch_order": "auditor operator",
    "api.order_switch": "operator",
    "api.flags": EVERYBODY,
    "api.flag": EVERYBODY,
    "api.lineage": EVERYBODY,
    "api.decide": "officer",
    "api.concur": "officer",
    "api.undo": "officer",
    "api.assign": "officer",
    "api.comment": "officer",
    "api.alarms": "auditor operator",
    "api.alarm": "auditor operator",
    "api.acknowledge_alarm": "operator",
    "api.close_alarm": "operator",
    "api.metrics": "auditor operator",
    "api.answer": EVERYBODY,
    "api.answer_bytes": "officer auditor",
    "api.security_events": "auditor operator",
    "api.log_lines": "auditor operator",
    "api.reconciliation": EVERYBODY,
    "sign_in.static": "public",
    "sign_in.page": "public",
    "sign_in.start": "public",
    "sign_in.callback": "public",
    "sign_in.signed_out": "public",
    "sign_in.remaining": "signed-in",
    "sign_in.extend": "signed-in",
    "sign_in.out": "signed-in",
    "sign_in.out_everywhere": "signed-in",
}
PERSONAS = {"officer": "officer-a", "auditor": "auditor-a", "operator": "operator-a", "none": "visitor-a"}
VALUES = {
    "uuid": "00000000-0000-4000-8000-000000000000",
    "int": 1,
    "integer": 1,
    "string": "x",
    "path": "x",
    "default": "x",
}


@pytest.fixture(scope="module")
def clients(client_of, tokens_of):
    """A client of each role, with a cookie for the pages and a token for programs, which neither takes from the other."""
    known = {role: client_of(persona=persona) for role, persona in PERSONAS.items()}
    for role, persona in PERSONAS.items():
        known[role].environ_base["HTTP_AUTHORIZATION"] = f"Bearer {tokens_of(persona)['access_token']}"
    return {**known, "nobody": client_of(persona=None)}


def routes(app, endpoint):
    """Method and address of each way to an endpoint."""
    adapter = app.url_map.bind("test")
    for rule in app.url_map.iter_rules(endpoint):
        kinds = {name: type(converter).__name__ for name, converter in rule._converters.items()}
        values = {
            name: VALUES.get(kind.removesuffix("Converter").lower().replace("unicode", "string"), "x")
            for name, kind in kinds.items()
        }
        address = urlsplit(adapter.build(rule.endpoint, values, force_external=False)).path
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            yield method, address


def outcome(client, method, address):
    """Whether access is granted. Writes carry no CSRF token, so that none of them changes anything."""
    answer = client.open(address, method=method, buffered=True)
    if answer.status_code == 401 or (answer.status_code == 302 and answer.location.startswith("/sign-in?")):
        return "sign in first"
    if address.startswith(API) and method != "GET" and answer.status_code != 403:
        assert answer.status_code in {400, 404, 415}, "a write without anything in it"
    elif method != "GET" and answer.status_code != 403:
        assert answer.status_code == 400, "a write without a token"
        assert 'data-error="expired-form"' in answer.text
    return "refused" if answer.status_code == 403 else "reached"


def test_both_tables_name_every_route(clients):
    endpoints = {rule.endpoint for rule in clients["nobody"].application.url_map.iter_rules()}
    assert endpoints == set(ACCESS) == set(REACHED_BY)


@pytest.mark.parametrize("role", [*PERSONAS, "nobody"])
@pytest.mark.parametrize("endpoint", sorted(REACHED_BY))
def test_every_role_on_every_route(clients, endpoint, role):
    reached_by = REACHED_BY[endpoint]
    for method, address in routes(clients[role].application, endpoint):
        if reached_by == "public" or (reached_by == "signed-in" and role != "nobody"):
            expected = "reached"
        elif role == "nobody":
            expected = "sign in first"
        else:
            expected = "reached" if role in reached_by.split() else "refused"
        assert outcome(clients[role], method, address) == expected, (method, address)


def test_a_route_without_a_line_keeps_the_application_from_starting():
    app = Flask("new", static_folder=None)
    app.add_url_rule("/new", "new.page", lambda: "")
    with pytest.raises(UnlistedError, match=r"without a line .*: new\.page"):
        access.check(app, {})
    with pytest.raises(UnlistedError, match=r"without a route: old\.page"):
        access.check(app, {"new.page": Open.PUBLIC, "old.page": Permission.READ})
    access.check(app, {"new.page": Permission.READ})


def test_automatic_pages_are_routes_too():
    assert set(ACCESS) >= access.AUTOMATIC | access.WITHOUT_DATABASE


def test_write_only_endpoints_refuse_get(clients):
    assert clients["officer"].get("/sign-out").status_code == 405


def test_a_person_without_a_role_sees_why_and_can_sign_out(clients, read):
    page = read(clients["none"], "/flags", status=403)
    assert page.error == "no-role"
    assert "/sign-out" in [form["action"] for form in page.all("form")]


@pytest.fixture
def api(client_of, monkeypatch):
    """A client of an application with two routes for programs."""

    def made(persona):
        client = client_of(persona=persona)
        app = client.application
        app.add_url_rule(f"{API}v1/probe", "probe.read", lambda: access.g.person.subject)
        app.add_url_rule(f"{API}v1/probe", "probe.write", lambda: access.g.person.subject, methods=["POST"])
        more = {"probe.read": Permission.READ, "probe.write": Permission.DECIDE}
        monkeypatch.setattr(access, "ACCESS", {**ACCESS, **more})
        return client

    return made


PROBE = f"{API}v1/probe"


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def problem(answer, status):
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert answer.json["status"] == status
    return answer.json["title"]


def test_a_program_reads_and_writes_with_a_token_alone(api, tokens_of):
    client = api(None)
    told = bearer(tokens_of("officer-a")["access_token"])
    assert client.get(PROBE, headers=told).text == "officer-a"
    assert client.post(PROBE, headers=told).text == "officer-a"


def test_roles_apply_to_programs_too(api, tokens_of):
    client = api(None)
    told = bearer(tokens_of("auditor-a")["access_token"])
    assert client.get(PROBE, headers=told).text == "auditor-a"
    assert problem(client.post(PROBE, headers=told), 403) == TEXTS[403].title


def test_a_program_without_a_token_learns_how_to_authenticate(api):
    answer = api(None).get(PROBE)
    assert problem(answer, 401)
    assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_a_cookie_gives_no_access_to_the_api(api):
    client = api("officer-a")
    assert problem(client.get(PROBE), 401)
    assert problem(client.post(PROBE), 401)


@pytest.mark.parametrize("kind", ["id_token", "made up", "empty", "basic"])
def test_an_invalid_token_is_refused_despite_a_valid_cookie(api, tokens_of, kind):
    told = {
        "id_token": lambda: bearer(tokens_of("officer-a")["id_token"]),
        "made up": lambda: bearer("a.b.c"),
        "empty": lambda: {"Authorization": ""},
        "basic": lambda: {"Authorization": "Basic b2ZmaWNlci1hOng="},
    }[kind]()
    client = api("officer-a")
    assert problem(client.get(PROBE, headers=told), 401)
    assert problem(client.post(PROBE, headers=told), 401)


def test_a_token_opens_no_page(client_of, tokens_of):
    answer = client_of(persona=None).get("/flags", headers=bearer(tokens_of("officer-a")["access_token"]))
    assert answer.status_code == 302


@pytest.mark.parametrize(
    ("persona", "address"),
    [
        (None, "/sign-in"),
        *product(
            (None, "visitor-a", "officer-a", "auditor-a", "operator-a"),
            ("/nothing", "/flags/not-an-id", "/security-events"),
        ),
    ],
)
def test_a_page_links_only_to_what_its_reader_may_use(signed_in, client_of, persona, address):
    client = signed_in(persona) if persona else client_of(persona=None)
    page = client.get(address, follow_redirects=True)
    links = {link for link in re.findall(r'href="(/[^"#]*)', page.text) if not link.startswith("/static")}
    assert links
    for link in links:
        answer = client.get(link)
        assert answer.status_code in {200, 302, 303}, link
        asked = answer.location or ""
        assert not asked.startswith("/sign-in?") or (persona is None and link == "/"), link


def test_an_unknown_address_keeps_the_navigation_of_the_person(signed_in, client_of):
    assert 'href="/flags"' in signed_in("officer-a").get("/nothing").text
    anonymous = client_of(persona=None).get("/nothing").text
    assert 'href="/sign-in"' in anonymous
    assert 'href="/flags"' not in anonymous
