"""New flags are announced: on a stream that resumes where it ended, or by polling."""

import json
from uuid import uuid4

import psycopg
import pytest

from app.review.queries import Moment
from app.web import event_streams
from app.web.streams import Seats
from app.web.views import news


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """Looks often, so that no test waits."""
    monkeypatch.setattr(news, "LOOK_EVERY", 0.01)


@pytest.fixture
def word():
    """A word that finds the flags of one test."""
    return f"news{uuid4().hex}"


def since(client, read, word):
    (region,) = [part for part in read(client, f"/flags?q={word}").all("div") if part.get("id") == "news"]
    assert region["aria-live"] == "polite"
    return region["data-since"]


def ask(client, word, moment):
    answer = client.get("/flags/news.json", query_string={"q": word, "since": moment})
    assert answer.status_code == 200
    return answer.json["new"], answer.json["moment"]


def listen(client, word, moment, **headers):
    """The stream's events as (id, name, data)."""
    answer = client.get("/flags/events", query_string={"q": word, "since": moment}, headers=headers)
    assert (answer.status_code, answer.mimetype) == (200, "text/event-stream")
    for part in answer.iter_encoded():
        fields = dict(line.split(": ", 1) for line in part.decode().strip().split("\n"))
        if "event" in fields:
            yield fields.get("id"), fields["event"], json.loads(fields["data"])


def test_polling_counts_new_flags_that_match_the_filter(client, read, flagged, word):
    moment = since(client, read, word)
    assert ask(client, word, moment)[0] == 0
    flagged({}, {}, because=word)
    flagged({})
    new, later = ask(client, word, moment)
    assert new == 2
    assert ask(client, word, later)[0] == 0


def test_a_flag_committed_late_is_not_missed(system, client, read, flagged, word):
    (seen,) = flagged({}, because=word)
    with psycopg.connect(**_server(system), autocommit=False) as slow:
        slow.execute("SELECT pg_current_xact_id()")
        flagged({}, because=word)
        moment = since(client, read, word)
        slow.execute(
            "INSERT INTO flag (flag_id, run_id, attempt, action_id, rule, rule_version, title, severity,"
            " subject, because, authority_codified, authority_rfo, recommended, raised_at)"
            " SELECT gen_random_uuid(), run_id, 1, action_id, 'C03', 1, title, severity, 'late', because,"
            " authority_codified, authority_rfo, recommended, raised_at FROM flag WHERE flag_id = %s",
            [seen],
        )
        assert ask(client, word, moment)[0] == 0
        slow.commit()
    new, later = ask(client, word, moment)
    assert new == 1
    assert ask(client, word, later)[0] == 0


def _server(system):
    server = system.stack.services.database
    return {
        "host": server.host,
        "port": server.port,
        "user": server.administrator,
        "password": server.password,
        "dbname": "triage",
    }


def test_a_stream_announces_flags_and_resumes_where_it_ended(client, read, flagged, word):
    moment = since(client, read, word)
    stream = listen(client, word, moment)
    flagged({}, because=word)
    first, name, data = next(stream)
    assert (name, data) == ("news", {"new": 1})
    stream.close()
    flagged({}, {}, because=word)
    again = listen(client, word, moment, **{"Last-Event-ID": first})
    assert next(again)[2] == {"new": 2}
    again.close()


def test_a_stream_sends_keep_alives_and_ends_by_itself(client, read, monkeypatch, word):
    moment = since(client, read, word)
    monkeypatch.setattr(event_streams, "LASTS", 0.2)
    monkeypatch.setattr(event_streams, "SIGN_OF_LIFE", 0.0)
    answer = client.get("/flags/events", query_string={"q": word, "since": moment})
    text = answer.get_data(as_text=True)
    assert text.startswith("retry: ")
    assert ": keep-alive" in text
    assert "event:" not in text


def test_the_newest_page_takes_the_place_of_the_persons_oldest(client, read, flagged, word):
    moment = since(client, read, word)
    client.application.extensions["triage.streams"] = Seats(total=8, each=1)
    oldest = listen(client, word, moment)
    flagged({}, because=word)
    assert next(oldest)[1] == "news"
    newest = listen(client, word, moment)
    assert next(newest)[1] == "news"
    assert next(oldest)[1:] == ("full", {})
    assert next(oldest, None) is None
    newest.close()


def test_too_many_streams_are_refused_with_a_hint_to_poll(client, signed_in, read, flagged, word):
    moment = since(client, read, word)
    seats = client.application.extensions["triage.streams"] = Seats(total=1, each=1)
    taken = seats.take("officer-b")
    answer = client.get("/flags/events", query_string={"since": moment})
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert ask(client, word, moment)[0] == 0
    seats.give_back(taken)
    seats.give_back(taken)
    monitored = client.get("/flags/events", query_string={"since": moment})
    assert monitored.status_code == 200
    monitored.close()
    assert seats.take("officer-b") is not None


@pytest.mark.parametrize(
    "moment", ["", "x", "5:3:", "3:5:9", "1:1", "0:0:", "5:9:7,6", "9" * 30 + ":1:", "'; DROP"]
)
def test_invalid_moments_are_refused(client, moment):
    for path in ("/flags/events", "/flags/news.json"):
        assert client.get(path, query_string={"since": moment}).status_code == 400
    with pytest.raises(ValueError, match="no moment"):
        Moment.parse(moment)


@pytest.mark.parametrize("text", ["5:5:", "5:9:5,7", "700:700:"])
def test_a_cursor_is_written_as_it_was_read(text):
    assert str(Moment.parse(text)) == text


def test_a_page_left_open_does_not_keep_its_session_alive(client, read, system, word):
    moment = since(client, read, word)
    asked = "SELECT max(seen_at) AS seen FROM web_session WHERE subject = 'officer-a'"
    before = system.rows(asked)
    ask(client, word, moment)
    assert system.rows(asked) == before
