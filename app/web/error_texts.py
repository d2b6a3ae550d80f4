"""What this application says about errors: one text for people in a browser, one for the authors of programs."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus


@dataclass(frozen=True, slots=True)
class ErrorText:
    """One error. `page` is shown on the error page, `program` in the problem document; it defaults to `page`.

    `name` identifies the error on the page, independent of the wording.
    """

    name: str
    title: str
    page: str
    program: str = ""

    @property
    def detail(self) -> str:
        """The text for the author of a program."""
        return self.program or self.page


#: By HTTP status, where the status alone says what went wrong.
TEXTS: Mapping[int, ErrorText] = {
    HTTPStatus.BAD_REQUEST: ErrorText(
        "bad-request",
        "This request cannot be read",
        "Unknown filter or page cursor.",
        "The query, a header or the body does not have the expected form.",
    ),
    HTTPStatus.UNAUTHORIZED: ErrorText(
        "signed-out",
        "You are not signed in",
        "Your session has ended, so nothing was stored. Go back, copy what you typed, sign in, and send it again.",
        "Send `Authorization: Bearer` with an access token that the identity provider issued for this interface and that"
        " has not expired.",
    ),
    HTTPStatus.FORBIDDEN: ErrorText(
        "forbidden",
        "Your role does not allow this",
        "Your role comes from the identity provider. If you need another role, ask your account administrator.",
    ),
    HTTPStatus.NOT_FOUND: ErrorText("not-found", "Not found", "There is nothing at this address."),
    HTTPStatus.METHOD_NOT_ALLOWED: ErrorText(
        "method-not-allowed",
        "Method not allowed",
        "This page is read-only.",
        "The header `Allow` lists the methods that this address accepts.",
    ),
    HTTPStatus.CONFLICT: ErrorText(
        "conflict", "This conflicts with what is already stored", "Nothing was stored."
    ),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ErrorText(
        "too-long", "The request is too large", "The limit is 1,000,000 bytes."
    ),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: ErrorText(
        "not-json", "The body is not JSON", "Send it as `Content-Type: application/json`."
    ),
    HTTPStatus.UNPROCESSABLE_ENTITY: ErrorText("invalid", "The input is not valid", "Nothing was stored."),
    HTTPStatus.TOO_MANY_REQUESTS: ErrorText(
        "too-many-requests",
        "Too many requests",
        "You have reached the limit for one minute. Wait a minute, then try again.",
        "You have reached the limit for one minute. Wait for the number of seconds in the header `Retry-After`.",
    ),
    HTTPStatus.INTERNAL_SERVER_ERROR: ErrorText(
        "internal",
        "Something went wrong here",
        "This application made an error; you did nothing wrong. Try again, and report the reference if it happens again.",
        "This application made an error. The reference finds it in the log.",
    ),
    HTTPStatus.SERVICE_UNAVAILABLE: ErrorText(
        "database-down",
        "The database does not answer",
        "Nothing is lost: runs wait. Try again in a moment, or check the state of the stack.",
        "Nothing is lost. Send the request again in a moment.",
    ),
}
DATABASE_UNUSABLE = ErrorText(
    "database-unusable",
    "The database cannot be used now",
    "It answers, but refuses to work with this application. Nothing is lost: runs wait. Try again in a moment. If this"
    " lasts, give the reference to the system administrator.",
    "The database refuses to work with this application. Nothing is lost. Send the request again later.",
)
DATABASE_READ_ONLY = ErrorText(
    "database-read-only",
    "The database is read-only",
    "Nothing was stored. You can read, but you cannot sign in, decide or request runs until the database accepts changes"
    " again. Go back, copy what you typed, and try again later. If this lasts, give the reference to the system"
    " administrator.",
    "Nothing was stored: the database accepts no changes now. Reading works. Send the request again later.",
)
NO_ROLE = ErrorText(
    "no-role",
    "You have no role here",
    "You are signed in, but your account has no role in this application. Ask your account administrator for one.",
)
EXPIRED_FORM = ErrorText(
    "expired-form",
    "This form has expired",
    "Nothing was changed. The form is older than your session. Go back, copy what you typed, load the page again, then"
    " send it.",
)
PROVIDER_DOWN = ErrorText(
    "provider-down",
    "The identity provider does not answer",
    "You cannot sign in until it does. If you are already signed in, you can keep working.",
)
PROVIDER_WRONG = ErrorText(
    "provider-wrong",
    "The identity provider does not answer as it should",
    "You cannot sign in until this is repaired. If you are already signed in, you can keep working. If this lasts, give"
    " the reference to the system administrator.",
)
UNRECORDABLE = ErrorText(
    "unrecordable",
    "Nothing can be recorded at the moment",
    "What you asked for was not done: every change, export and sign-in must be recorded, and the record takes no more"
    " entries. Try again in a few minutes. If this lasts, give the reference to the system administrator.",
)
NOT_PRINTED = ErrorText(
    "not-printed",
    "The document could not be produced",
    "Nothing was exported. Try again in a few minutes. If it fails again, tell the system administrator.",
)
BUSY = ErrorText(
    "busy",
    "Another export is in progress",
    "You can make one export at a time, and the application a few in all. Try again when the other export has finished.",
)
FOREIGN_SITE = ErrorText(
    "foreign-site",
    "This link came from another site",
    "Nothing was exported. Exports start only from a page of this application: open the page and export from there.",
)


def text_of(status: int) -> ErrorText:
    """The text of an HTTP status; the standard phrase where this application has nothing to add."""
    known = HTTPStatus(status)
    return TEXTS.get(known) or ErrorText(f"http-{status}", known.phrase, "")


def too_large(reason: str) -> ErrorText:
    """The text of an export that exceeds a limit; `reason` names the limit."""
    return ErrorText(
        "too-large-to-export",
        "This is too large to export",
        f"Nothing was exported: {reason}. Ask the system administrator.",
    )
