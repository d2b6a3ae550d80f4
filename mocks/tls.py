"""Whom a mock believes over TLS: the authorities in CA_FILE, or the system's."""

import ssl
from collections.abc import Mapping
from pathlib import Path


def context(environment: Mapping[str, str]) -> ssl.SSLContext:
    """A context from CA_FILE, CLIENT_CERTIFICATE_FILE and CLIENT_KEY_FILE. Raises ValueError naming the variable.

    OpenSSL's own variables, such as SSL_CERT_FILE, are not obeyed.
    """
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authorities = environment.get("CA_FILE")
    if authorities:
        try:
            made.load_verify_locations(authorities)
        except (ssl.SSLError, OSError):
            raise ValueError(f"CA_FILE: {authorities} holds no certificate in PEM") from None
    else:
        usual = ssl.get_default_verify_paths()
        if Path(usual.openssl_cafile).exists():
            made.load_verify_locations(cafile=usual.openssl_cafile)
        if Path(usual.openssl_capath).exists():
            made.load_verify_locations(capath=usual.openssl_capath)
    certificate, key = environment.get("CLIENT_CERTIFICATE_FILE"), environment.get("CLIENT_KEY_FILE")
    if bool(certificate) != bool(key):
        raise ValueError("CLIENT_CERTIFICATE_FILE and CLIENT_KEY_FILE must be set together")
    if certificate:
        try:
            made.load_cert_chain(certificate, key, password="")
        except (ssl.SSLError, OSError):
            raise ValueError(
                "CLIENT_CERTIFICATE_FILE, CLIENT_KEY_FILE: not a certificate in PEM and its key"
            ) from None
    return made


def distrust(error: BaseException | None) -> str | None:
    """Why a server's certificate was not believed, or None when `error` has another cause."""
    seen: set[int] = set()  # an exception raised twice may lead back to itself
    while error is not None and id(error) not in seen:
        if isinstance(error, ssl.SSLCertVerificationError):
            return str(error.verify_message)
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return None
