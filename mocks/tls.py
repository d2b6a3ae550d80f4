"""The TLS trust of a mock: the authorities in CA_FILE, or those of the system."""

import ssl
from collections.abc import Mapping
from pathlib import Path


def context(environment: Mapping[str, str]) -> ssl.SSLContext:
    """A context from CA_FILE, CLIENT_CERTIFICATE_FILE and CLIENT_KEY_FILE. Raises ValueError naming the variable.

    OpenSSL's own variables, such as SSL_CERT_FILE, are ignored.
    """
    trust = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authorities = environment.get("CA_FILE")
    if authorities:
        try:
            trust.load_verify_locations(authorities)
        except (ssl.SSLError, OSError):
            raise ValueError(f"CA_FILE: {authorities} holds no certificate in PEM") from None
    else:
        system = ssl.get_default_verify_paths()
        if Path(system.openssl_cafile).exists():
            trust.load_verify_locations(cafile=system.openssl_cafile)
        if Path(system.openssl_capath).exists():
            trust.load_verify_locations(capath=system.openssl_capath)
    certificate, key = environment.get("CLIENT_CERTIFICATE_FILE"), environment.get("CLIENT_KEY_FILE")
    if bool(certificate) != bool(key):
        raise ValueError("CLIENT_CERTIFICATE_FILE and CLIENT_KEY_FILE must be set together")
    if certificate:
        try:
            trust.load_cert_chain(certificate, key, password="")
        except (ssl.SSLError, OSError):
            raise ValueError(
                "CLIENT_CERTIFICATE_FILE, CLIENT_KEY_FILE: not a certificate in PEM and its key"
            ) from None
    return trust


def distrust(error: BaseException | None) -> str | None:
    """Why a server's certificate is not trusted; None if `error` has another cause."""
    seen: set[int] = set()  # an exception raised twice may lead back to itself
    while error is not None and id(error) not in seen:
        if isinstance(error, ssl.SSLCertVerificationError):
            return str(error.verify_message)
        seen.add(id(error))
        error = error.__cause__ or error.__context__
    return None
