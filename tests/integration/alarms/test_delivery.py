"""Each alarm reaches each receiver once, also after the receiver's own outage and the death of the sender."""

import hmac
import signal
import ssl
import subprocess
import sys
from base64 import b64decode, b64encode
from collections import Counter
from hashlib import sha256
from threading import Event

import pytest

from app.credentials.alarm_kinds import ALARM_KINDS
from app.credentials.alarm_settings import AlarmSettings
from infra.provision.certificates import Authority
from tests.integration.alarms.conftest import MailReceiver, WebReceiver
from workers.runtime import alarm_mail, alarm_webhook, bounded_smtp
from workers.runtime.rounds import RoundFailedError

#: A sender alone, as the sweeper starts it.
SENDER = """
from threading import Event
from app.connections.database import connect
from app.connections.settings import load
from app.connections.tls import trust_of
from app.credentials.settings import AgentSettings
from workers.runtime.alarm_delivery import delivery_lanes
settings = load(AgentSettings, "database_url")
for lane in delivery_lanes(settings, connect(settings, pool_size=2), trust_of(settings)):
    lane.start()
Event().wait()
"""
SECRET = "hvs.CAESIJ1234567890abcdefghijkl"


def test_each_kind_arrives_once_at_each_receiver(outbox, web_receiver, mail_receiver, mail_to):
    both = "soc@agency.example, duty.officer@agency.example"
    senders = outbox.senders(
        alarm_webhook_url=web_receiver.url,
        web_address="https://triage.example",
        **mail_to(mail_receiver.port, alarm_mail_to=both),
    )
    for kind in ALARM_KINDS:
        assert outbox.raise_alarm(kind, f"it had {SECRET}\r\nBcc: thief@example.com")
        assert not outbox.raise_alarm(
            kind, f"it had {SECRET}\r\nBcc: thief@example.com"
        )  # seen again: counted, not sent
    for _ in range(2):
        assert [sender.look() for sender in senders] == [None, None, None]
    ids = outbox.ids()
    assert len(ids) == len(ALARM_KINDS)
    assert Counter(web_receiver.ids) == Counter(ids)
    assert Counter(mail_receiver.ids) == Counter([*ids, *ids])
    assert {message["To"] for message in mail_receiver.got} == set(both.split(", "))
    for _, fields, _ in web_receiver.got:
        assert fields["severity"] == ALARM_KINDS[fields["kind"]].severity
        assert fields["action"] == ALARM_KINDS[fields["kind"]].action
        assert fields["page"] == f"https://triage.example/alarms/{fields['id']}"
        assert fields["detail"] == "it had [redacted] Bcc: thief@example.com"
    for message in mail_receiver.got:
        assert SECRET not in message.as_string()
        assert "[redacted]" in message.get_content()
        assert message["Bcc"] is None
        assert message["Subject"].startswith(("[critical] ", "[high] ", "[medium] "))


def test_a_webhook_is_signed_with_the_key_in_the_file(outbox, web_receiver, key_file):
    (sender,) = outbox.senders(alarm_webhook_url=web_receiver.url)
    outbox.raise_alarm("second login")
    sender.look()
    ((headers, fields, body),) = web_receiver.got
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = b64decode(key_file.read_text().removeprefix("whsec_"))
    wanted = b64encode(hmac.digest(key, signed, sha256)).decode()
    assert headers["webhook-signature"] == f"v1,{wanted}"
    assert fields["id"] == headers["webhook-id"]


def test_what_was_raised_while_the_receivers_were_down_arrives_later_once(outbox, receivers, mail_to):
    web, mail = WebReceiver(), MailReceiver()
    senders = outbox.senders(alarm_webhook_url=web.url, **mail_to(mail.port))
    web.close()
    mail.close()
    for number in range(5):
        outbox.raise_alarm("end not confirmed", f"alarm {number}")
    for sender in senders:
        for _ in range(3):
            with pytest.raises(RoundFailedError, match=r"alarms are not sent by .*refused"):
                sender.look()
    assert len(outbox.unsent()) == 10
    assert {row["channel"] for row in outbox.unsent() if row["problem"]} == {
        "webhook",
        "mail to soc@agency.example",
    }
    web, mail = receivers(WebReceiver, web.port), receivers(MailReceiver, mail.port)
    for _ in range(2):
        assert [sender.look() for sender in senders] == [None, None]
    assert Counter(web.ids) == Counter(mail.ids) == Counter(outbox.ids())
    assert outbox.unsent() == []


def test_a_sender_that_is_killed_loses_none_and_repeats_the_id(outbox, web_receiver, key_file, until):
    reached, go_on = Event(), Event()

    def hang(_):
        reached.set()
        go_on.wait(60)
        return b""

    web_receiver.answer = hang
    environment = outbox.system.stack.environment("sweeper") | {
        "ALARM_WEBHOOK_URL": web_receiver.url,
        "ALARM_WEBHOOK_SECRET_FILE": str(key_file),
    }
    outbox.raise_alarm("second login")  # open when the channel is new, so it is sent as well
    sender = subprocess.Popen([sys.executable, "-c", SENDER], env=environment)
    try:
        assert reached.wait(60)
        outbox.raise_alarm("message stolen")
    finally:
        sender.send_signal(signal.SIGKILL)
        sender.wait(30)
        go_on.set()
    web_receiver.answer = lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    (again,) = outbox.senders(alarm_webhook_url=web_receiver.url)
    again.look()
    assert len(outbox.unsent()) == 1  # still taken by the sender that died
    outbox.be_due()
    again.look()
    assert outbox.unsent() == []
    assert set(web_receiver.ids) == outbox.ids()
    assert sorted(Counter(web_receiver.ids).values()) == [1, 2]


def test_an_alarm_that_the_receiver_refuses_does_not_hold_up_others(
    outbox, web_receiver, mail_receiver, mail_to
):
    web_receiver.answer = lambda fields: (
        b"HTTP/1.1 400 Bad\r\nContent-Length: 0\r\n\r\n"
        if fields["detail"] == "bad"
        else b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    )
    web, mail = outbox.senders(alarm_webhook_url=web_receiver.url, **mail_to(mail_receiver.port))
    for detail in ("bad", "good", "better"):
        outbox.raise_alarm("clock differs", detail)
    assert web.look() == "1 alarms are not sent by webhook: the receiver answered HTTP 400"
    mail_receiver.says["rcpt"] = b"550 no such mailbox: canary"
    refused = mail.look()
    assert refused is not None
    assert "the mail server refused the address (550)" in refused
    assert "canary" not in refused
    assert len(outbox.unsent()) == 4
    del mail_receiver.says["rcpt"]
    web_receiver.answer = lambda _: b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
    outbox.be_due()
    assert web.look() is None
    assert mail.look() is None
    assert Counter(web_receiver.ids).most_common(1)[0][1] == 2
    assert Counter(mail_receiver.ids) == Counter(outbox.ids())


@pytest.mark.parametrize(
    ("answer", "is_sent"),
    [
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", False),
        (b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", False),
        (b"220 smtp here\r\n", False),
        (b"", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 999999\r\n\r\n" + b"x" * 200_000, True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", True),
    ],
)
def test_whatever_a_web_receiver_answers_the_status_alone_counts(outbox, web_receiver, answer, is_sent):
    web_receiver.answer = lambda _: answer
    (sender,) = outbox.senders(alarm_webhook_url=web_receiver.url)
    outbox.raise_alarm("second login")
    try:
        problem = sender.look()
    except RoundFailedError as failed:
        problem = str(failed)
    assert (problem is None) == is_sent
    assert len(outbox.unsent()) == (not is_sent)
    assert len(web_receiver.got) == 1


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("greeting", b"554 go away"),
        ("greeting", b"HTTP/1.1 400 Bad Request"),
        ("greeting", b"220-more\r\n" * 2_000),
        ("greeting", b"220 " + b"x" * 20_000),
        ("ehlo", b"250-more\r\n" * 2_000),
        ("mail", b"451 later"),
        ("data", b"\xff\xfe"),
        ("end", b"452 disk full"),
    ],
)
def test_whatever_a_mail_server_says_the_alarm_stays_queued(outbox, mail_receiver, mail_to, word, says):
    mail_receiver.says[word] = says
    (sender,) = outbox.senders(**mail_to(mail_receiver.port))
    outbox.raise_alarm("second login")
    try:
        problem = sender.look()
    except RoundFailedError as failed:
        problem = str(failed)
    assert problem is not None
    assert "the mail server" in problem
    assert len(outbox.unsent()) == 1


def test_a_mail_counts_once_the_server_took_it_whatever_it_says_to_the_goodbye(
    outbox, mail_receiver, mail_to
):
    mail_receiver.says["quit"] = b"500 never"
    (sender,) = outbox.senders(**mail_to(mail_receiver.port))
    outbox.raise_alarm("second login")
    assert sender.look() is None
    assert outbox.unsent() == []


def test_silent_receivers_are_given_up(outbox, web_receiver, mail_receiver, mail_to, monkeypatch):
    monkeypatch.setattr(alarm_webhook, "_DEADLINE", 0.3)
    monkeypatch.setattr(alarm_mail, "_DEADLINE", 0.3)
    monkeypatch.setattr(bounded_smtp, "STEP", 30.0)
    go_on = Event()
    web_receiver.answer = lambda _: b"x" * go_on.wait(60)
    senders = outbox.senders(alarm_webhook_url=web_receiver.url, **mail_to(mail_receiver.port))
    mail_receiver.says["mail"] = b"250-"
    outbox.raise_alarm("second login")
    for sender in senders:
        with pytest.raises(RoundFailedError):
            sender.look()
    go_on.set()
    assert len(outbox.unsent()) == 2


def test_mail_goes_over_tls_where_the_server_offers_it(outbox, receivers, mail_to, tmp_path):
    authority = Authority.make()
    certificate, key = authority.issue("mail", [])
    chain, trusted, password = tmp_path / "mail.pem", tmp_path / "ca.pem", tmp_path / "password"
    chain.write_text(certificate + key)
    trusted.write_text(authority.certificate)
    password.write_text("canary")
    password.chmod(0o600)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    server = receivers(MailReceiver, 0, context)
    login = {"alarm_mail_user": "triage", "alarm_mail_password_file": password}
    outbox.raise_alarm("second login")
    (distrusting,) = outbox.senders(**mail_to(server.port, **login))
    with pytest.raises(RoundFailedError, match="not signed by an authority"):
        distrusting.look()
    assert "auth" not in server.words
    outbox.be_due()
    (sender,) = outbox.senders(**mail_to(server.port, ca_file=trusted, **login))
    assert sender.look() is None
    assert "starttls" in server.words
    assert "auth" in server.words
    assert len(server.got) == 1


def test_a_mail_server_elsewhere_gets_nothing_without_tls(outbox, mail_receiver, mail_to, monkeypatch):
    monkeypatch.setattr(AlarmSettings, "is_mail_local", False)  # as if it were on another machine
    (sender,) = outbox.senders(**mail_to(mail_receiver.port))
    outbox.raise_alarm("second login")
    with pytest.raises(RoundFailedError, match="does not offer STARTTLS"):
        sender.look()
    assert "mail" not in mail_receiver.words
    assert mail_receiver.got == []
    assert len(outbox.unsent()) == 1
