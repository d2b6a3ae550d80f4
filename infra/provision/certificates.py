"""A private certificate authority, and the certificates that it issues to servers."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFE_OF_AUTHORITY = timedelta(days=3650)
_LIFE_OF_CERTIFICATE = timedelta(days=825)
_RENEWED_BEFORE = timedelta(days=60)
#: The clocks of other machines may be slow.
_LEEWAY = timedelta(hours=1)
_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


class Authority:
    """An authority that signs certificates for servers."""

    def __init__(self, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey) -> None:
        self._certificate = certificate
        self._key = key

    @classmethod
    def make(cls) -> Self:
        """A new authority, valid for ten years."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("triage private authority")
        builder = _draft(name, name, key.public_key(), life=_LIFE_OF_AUTHORITY)
        certificate = (
            builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(certificates=True), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .sign(key, hashes.SHA256())
        )
        return cls(certificate, key)

    @classmethod
    def load(cls, certificate: str, key: str) -> Self:
        """The authority of these two PEM texts. Raises ValueError if they are invalid or do not belong together."""
        read = serialization.load_pem_private_key(key.encode(), password=None)
        found = x509.load_pem_x509_certificate(certificate.encode())
        if not isinstance(read, ec.EllipticCurvePrivateKey) or found.public_key() != read.public_key():
            raise ValueError("the key is not that of the certificate")
        return cls(found, read)

    @property
    def certificate(self) -> str:
        """The certificate that clients must trust, as PEM."""
        return _pem(self._certificate)

    @property
    def key(self) -> str:
        """The private key, as PEM."""
        return _pem_of_key(self._key)

    def issue(self, server: str, hosts: Iterable[str]) -> tuple[str, str]:
        """Certificate and key of a server, as PEM, valid for its name, this machine and `hosts` (names or addresses)."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = dict.fromkeys([server, *_THIS_MACHINE, *hosts])
        builder = _draft(
            _name(server), self._certificate.subject, key.public_key(), life=_LIFE_OF_CERTIFICATE
        )
        certificate = (
            builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False
            )
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
            .sign(self._key, hashes.SHA256())
        )
        return _pem(certificate), _pem_of_key(key)

    def is_to_replace(self, certificate: str, hosts: Sequence[str]) -> bool:
        """Whether this authority issued the PEM certificate and it expires soon or lacks one of these hosts.

        Raises ValueError if it is not a certificate.
        """
        found = x509.load_pem_x509_certificate(certificate.encode())
        if found.issuer != self._certificate.subject:
            return False
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        lasts = datetime.now(UTC) + _RENEWED_BEFORE < found.not_valid_after_utc
        return not lasts or any(_alternative(host) not in names for host in hosts)


def _alternative(host: str) -> x509.GeneralName:
    address = _address(host)
    return x509.DNSName(host) if address is None else x509.IPAddress(address)


def _address(host: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(host)
    except ValueError:
        return None


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _draft(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePublicKey, *, life: timedelta
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _LEEWAY)
        .not_valid_after(now + life)
    )


def _usage(*, certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not certificates,
        key_cert_sign=certificates,
        crl_sign=certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def _pem_of_key(key: ec.EllipticCurvePrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
