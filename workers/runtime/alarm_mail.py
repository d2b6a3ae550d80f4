"""Alarms by e-mail: one message for each alarm and receiver, over TLS."""

import smtplib
from email.message import EmailMessage
from email.utils import format_datetime
from urllib.parse import urlsplit

from app.connections.secret_files import SettingsError, read_secret
from app.connections.tls import Trust
from app.credentials.alarm_settings import AlarmSettings
from app.credentials.deliveries import Notice
from workers.runtime.bounded_smtp import STEP, dialogue
from workers.runtime.undelivered import UndeliveredError

#: Seconds one message may take, far less than the time for which an alarm is taken from the queue.
_DEADLINE = 20.0
_LINES = ("severity", "first_seen", "detail", "run", "attempt", "credential", "page", "id")


class Mail:
    """Sends each alarm to one address."""

    def __init__(self, settings: AlarmSettings, receiver: str, trust: Trust) -> None:
        """Raises `SettingsError`."""
        self.name = f"mail to {receiver}"
        self._receiver = receiver
        self._settings = settings
        self._sender = settings.need("alarm_mail_from")
        self._server = urlsplit(settings.need("alarm_mail_server"))
        self._trust = trust
        self._password()

    def send(self, notice: Notice) -> None:
        """Return when the mail server has taken it. Raises `UndeliveredError`."""
        message = self._message(notice)
        try:
            smtp = dialogue(
                self._server.hostname or "",
                self._server.port,
                from_start=self._from_start,
                context=self._trust.context,
                deadline=_DEADLINE,
            )
            try:
                self._secure(smtp)
                smtp.send_message(message, self._sender, [self._receiver])
            finally:
                smtp.end()
        except (smtplib.SMTPException, OSError, ValueError, SettingsError) as error:
            raise self._failed(error) from None

    @property
    def _from_start(self) -> bool:
        return self._server.scheme == "smtps"

    def _secure(self, smtp: smtplib.SMTP) -> None:
        smtp.ehlo()
        if not self._from_start and (smtp.has_extn("starttls") or not self._settings.is_mail_local):
            smtp.starttls(context=self._trust.context)
            smtp.ehlo()
        if self._settings.alarm_mail_user is not None:
            smtp.login(self._settings.alarm_mail_user, self._password())

    def _password(self) -> str:
        """Read anew each time, so that it can be replaced; empty without a user."""
        if self._settings.alarm_mail_user is None:
            return ""
        return read_secret(
            self._settings.file("alarm_mail_password_file"), setting="ALARM_MAIL_PASSWORD_FILE"
        )

    def _message(self, notice: Notice) -> EmailMessage:
        fields = notice.fields(self._settings.web_address)
        kind = str(fields["kind"]).capitalize()
        message = EmailMessage()
        message["Subject"] = f"[{fields['severity']}] {kind}"
        message["From"], message["To"] = self._sender, self._receiver
        message["Date"] = format_datetime(notice.raised_at)
        # The same at each try: receivers drop what they have.
        message["Message-ID"] = f"<alarm-{notice.alarm_id}@{self._sender.rpartition('@')[2]}>"
        message["Auto-Submitted"] = "auto-generated"
        facts = "\n".join(f"{name.replace('_', ' ')}: {fields[name]}" for name in _LINES if fields[name])
        message.set_content(
            f"{kind}\n\n{fields['meaning']}\n{fields['action']}\nRunbook: {fields['runbook']}\n\n{facts}\n"
        )
        return message

    def _failed(self, error: Exception) -> UndeliveredError:
        """The reason, without the server's own words: they may repeat what was sent."""
        is_refused = False
        match error:
            case smtplib.SMTPRecipientsRefused():
                code, _ = next(iter(error.recipients.values()))
                why, is_refused = f"the mail server refused the address ({code})", True
            case smtplib.SMTPAuthenticationError():
                why = f"the mail server refused ALARM_MAIL_USER ({error.smtp_code})"
            case smtplib.SMTPResponseException():
                why, is_refused = f"the mail server answered {error.smtp_code}", True
            case smtplib.SMTPNotSupportedError():
                why = "the mail server does not offer STARTTLS or AUTH"
            case SettingsError():
                why = str(error)
            case smtplib.SMTPServerDisconnected():
                why = "the mail server closed the connection, or did not answer in time"
            case TimeoutError():
                why = f"the mail server did not answer within {STEP:g} s"
            case _:
                trouble = self._trust.trouble(error, what="the mail server")
                reason = getattr(error, "strerror", None) or type(error).__name__
                why = trouble or f"the mail server cannot be reached ({reason})"
        return UndeliveredError(why, is_refused=is_refused)


def mail_channels(settings: AlarmSettings, trust: Trust) -> list[Mail]:
    """A channel for each address that the settings name. Raises `SettingsError`."""
    if settings.alarm_mail_server is None:
        return []
    settings.need("alarm_mail_to")
    return [Mail(settings, receiver, trust) for receiver in settings.mail_receivers]
