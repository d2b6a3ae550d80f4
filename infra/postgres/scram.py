"""SCRAM-SHA-256 verifiers (RFC 5803), so that no password in clear ever reaches a server's statement or log."""

import hashlib
import hmac
import os
from base64 import b64encode

_ROUNDS = 4096


def verifier(password: str) -> str:
    """What PostgreSQL stores in place of an ASCII password, in the form `CREATE ROLE … PASSWORD` takes."""
    salt = os.urandom(16)
    salted = hashlib.pbkdf2_hmac("sha256", password.encode("ascii"), salt, _ROUNDS)
    stored = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    server = hmac.digest(salted, b"Server Key", "sha256")
    return f"SCRAM-SHA-256${_ROUNDS}:{_text(salt)}${_text(stored)}:{_text(server)}"


def _text(raw: bytes) -> str:
    return b64encode(raw).decode("ascii")
