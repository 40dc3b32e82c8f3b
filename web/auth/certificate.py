"""The command `imagebus certificate`: self-signed, since browsers give camera access to https pages only."""

from __future__ import annotations

import datetime
import ipaddress
import os
import socket
from pathlib import Path

import click
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from functions.core.errors import UsageError

# Browsers refuse longer ones.
_LIFE = datetime.timedelta(days=397)
_MAX_COMMON_NAME = 64


class CertificateError(UsageError):
    """A certificate cannot be made as asked."""


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME | ADDRESS]…")
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path(), help="Folder for the files.")
def certificate(names: tuple[str, ...], out: Path) -> None:
    """Make a self-signed certificate for this host, or for the names and addresses given.

    It writes imagebus-cert.pem and imagebus-key.pem, for --tls-cert and --tls-key. Each browser asks once whether to
    trust it.
    """
    known = tuple(dict.fromkeys(names or own_names()))
    cert, key = make(known)
    cert_path, key_path = out / "imagebus-cert.pem", out / "imagebus-key.pem"
    try:
        out.mkdir(parents=True, exist_ok=True)
        _write_new(key_path, key, 0o600)
        _write_new(cert_path, cert, 0o644)
    except OSError as error:
        raise CertificateError(f"--out: expected to write {error.filename}, got: {error.strerror}") from None
    click.echo(f"For {', '.join(known)}:\n--tls-cert {cert_path} --tls-key {key_path}")


def own_names() -> tuple[str, ...]:
    """The names and addresses of this host."""
    return ("localhost", "127.0.0.1", socket.gethostname(), *_own_addresses())


def make(names: tuple[str, ...]) -> tuple[bytes, bytes]:
    """Certificate and private key in PEM for these names and addresses."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:_MAX_COMMON_NAME])])
    now = datetime.datetime.now(datetime.UTC)
    cert = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + _LIFE)
        .add_extension(x509.SubjectAlternativeName([_general(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return cert.public_bytes(serialization.Encoding.PEM), key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _general(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        pass
    try:
        return x509.DNSName(name)
    except ValueError:
        raise CertificateError(f"Expected a host's name or address in ASCII, got {name!r}") from None


def _own_addresses() -> tuple[str, ...]:
    """This host's address on its network, if it has one: connecting a UDP socket finds it and sends nothing."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return ()
        return (probe.getsockname()[0],)


def _write_new(path: Path, data: bytes, mode: int) -> None:
    """Write a new file: a key in use must not be overwritten."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(data)
