"""TLS: one context for all clients of this process, and the reason in words when a handshake fails."""

import ssl
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

from app.connections.secret_files import SettingsError, read_secret

_EXPIRED, _NOT_YET_VALID = 10, 9
_WRONG_HOST = frozenset({62, 64})  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
_OURS_IS_MISSING = ("CERTIFICATE_REQUIRED", "HANDSHAKE_FAILURE", "BAD_CERTIFICATE")
_OURS_IS_REFUSED = ("UNKNOWN_CA", "CERTIFICATE_UNKNOWN", "CERTIFICATE_EXPIRED", "ACCESS_DENIED")
_NO_TLS = frozenset(
    {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"}
)


class Authorities(Protocol):
    """Settings that name the trusted authorities, and the certificate of this process."""

    @property
    def ca_file(self) -> Path | None: ...
    @property
    def client_certificate_file(self) -> Path | None: ...
    @property
    def client_key_file(self) -> Path | None: ...


@dataclass(frozen=True, slots=True)
class Trust:
    """The context of a process, and the file its authorities come from; None for the system's store."""

    context: ssl.SSLContext
    ca_file: Path | None = None

    def trouble(self, error: BaseException, *, what: str) -> str | None:
        """How TLS with `what` ("the vault") failed, in one line, or None when `error` has another cause."""
        cause = next((each for each in _causes(error) if isinstance(each, ssl.SSLError)), None)
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"{what} shows a certificate that {self._fault(cause)}"
        if cause is None or isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            return None
        reason = cause.reason or ""
        if reason in _NO_TLS:
            return f"{what} does not speak TLS"
        if any(part in reason for part in _OURS_IS_REFUSED):
            return f"{what} refuses the certificate in CLIENT_CERTIFICATE_FILE"
        if any(part in reason for part in _OURS_IS_MISSING):
            return f"{what} asks for a certificate: CLIENT_CERTIFICATE_FILE and CLIENT_KEY_FILE"
        return f"{what} does not complete the TLS handshake ({reason or type(cause).__name__})"

    def _fault(self, error: ssl.SSLCertVerificationError) -> str:
        if error.verify_code == _EXPIRED:
            return "has expired"
        if error.verify_code == _NOT_YET_VALID:
            return "is not valid yet"
        if error.verify_code in _WRONG_HOST:
            return "is for another host than the one in its address"
        if self.ca_file is None:
            return "is not signed by an authority in the system's store: CA_FILE names others"
        return f"is not signed by an authority in CA_FILE ({self.ca_file})"


def trust_of(settings: Authorities) -> Trust:
    """The context that CA_FILE, CLIENT_CERTIFICATE_FILE and CLIENT_KEY_FILE describe, read once. Raises `SettingsError`.

    No variable of OpenSSL's own is obeyed: neither SSL_CERT_FILE nor SSLKEYLOGFILE.
    """
    return _trust_from(settings.ca_file, settings.client_certificate_file, settings.client_key_file)


@cache
def _trust_from(ca_file: Path | None, certificate: Path | None, key: Path | None) -> Trust:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if ca_file is None:
        usual = ssl.get_default_verify_paths()
        if Path(usual.openssl_cafile).exists():
            context.load_verify_locations(cafile=usual.openssl_cafile)
        if Path(usual.openssl_capath).exists():
            context.load_verify_locations(capath=usual.openssl_capath)
    else:
        _trust(context, ca_file)
    if certificate is not None and key is not None:
        _introduce(context, certificate, key)
    elif certificate is not None or key is not None:
        raise SettingsError("CLIENT_CERTIFICATE_FILE and CLIENT_KEY_FILE must be set together")
    return Trust(context, ca_file)


def _trust(context: ssl.SSLContext, ca_file: Path) -> None:
    try:
        if not ca_file.is_file():
            raise SettingsError(f"CA_FILE: {ca_file} is not a file")
        mode = stat.S_IMODE(ca_file.stat().st_mode)
        if mode & stat.S_IWOTH:
            raise SettingsError(f"CA_FILE: {ca_file} can be changed by everybody, mode {mode:04o}")
        context.load_verify_locations(ca_file)
    except ssl.SSLError:
        raise SettingsError(f"CA_FILE: {ca_file} holds no certificate in PEM") from None
    except OSError as error:
        raise SettingsError(f"CA_FILE: {ca_file}: {error.strerror}") from None


def _introduce(context: ssl.SSLContext, certificate: Path, key: Path) -> None:
    read_secret(key, setting="CLIENT_KEY_FILE")
    try:
        # A key with a passphrase would otherwise ask for it on the terminal.
        context.load_cert_chain(certificate, key, password="")
    except (ssl.SSLError, OSError):
        raise SettingsError(
            f"CLIENT_CERTIFICATE_FILE: {certificate} is not a PEM certificate for the key in CLIENT_KEY_FILE"
        ) from None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all its causes, however the libraries in between keep them."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        cause = waiting.pop(0)
        if isinstance(cause, BaseException) and id(cause) not in seen:
            seen.add(id(cause))
            yield cause
            waiting += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]
