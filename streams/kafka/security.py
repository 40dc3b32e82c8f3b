"""Authentication and encryption (SASL, TLS) of Kafka clients: librdkafka's configuration, and Faust's credentials."""

from __future__ import annotations

import re
import ssl
from pathlib import Path
from typing import TYPE_CHECKING, Any

from confluent_kafka import KafkaError

from streams.settings import SettingError, Settings, from_environment, variable_of

if TYPE_CHECKING:
    from faust.auth import Credentials

# Errors after which a client retries for ever, although only other settings can help.
REFUSALS = frozenset({KafkaError._AUTHENTICATION, KafkaError._SSL})
# By default up to 10 s pass until a client reconnects.
_RECONNECT_MS = 1000
_NOISE = re.compile(r"^\w+://\S+: | \(after .*\)$|error:\w+:SSL routines::")


def for_librdkafka(settings: Settings) -> dict[str, Any]:
    """Brokers, authentication and TLS as a confluent-kafka configuration. Raises SettingError."""
    password = _password(settings)
    _context(settings)  # says more of a bad file than librdkafka does
    user = settings.kafka_sasl_username
    given: dict[str, Any] = {
        "bootstrap.servers": settings.kafka_url,
        "security.protocol": settings.kafka_security_protocol,
        "sasl.mechanism": user and settings.kafka_sasl_mechanism,
        "sasl.username": user,
        "sasl.password": password,
        "ssl.ca.location": settings.kafka_ssl_cafile,
        "ssl.certificate.location": settings.kafka_ssl_certfile,
        "ssl.key.location": settings.kafka_ssl_keyfile or settings.kafka_ssl_certfile,
        "reconnect.backoff.max.ms": _RECONNECT_MS,
    }
    return {name: value for name, value in given.items() if value}


def for_faust(settings: Settings) -> Credentials | None:
    """A Faust app's broker credentials; None for plain text without a user. Raises SettingError."""
    # Faust reads this process's arguments when it is imported, and a producer's --loop is none of Faust's.
    from faust.auth import SASLCredentials, SSLCredentials

    password, context = _password(settings), _context(settings)
    if password:
        return SASLCredentials(
            username=settings.kafka_sasl_username,
            password=password,
            mechanism=settings.kafka_sasl_mechanism,
            ssl_context=context,
        )
    return SSLCredentials(context) if context else None


def what_to_do(settings: Settings, refusal: KafkaError) -> str:
    """A failed authentication or TLS handshake (one of REFUSALS) in one line, with the settings to check."""
    said = _NOISE.sub("", refusal.str())
    if refusal.code() == KafkaError._AUTHENTICATION:
        return (
            f"The broker at {settings.kafka_url} refuses the user {settings.kafka_sasl_username!r}: {said}; check "
            "KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD (or KAFKA_SASL_PASSWORD_FILE) and KAFKA_SASL_MECHANISM"
        )
    return (
        f"No TLS with the broker at {settings.kafka_url}: {said}; check that KAFKA_SSL_CAFILE holds who signed its "
        "certificate, that the certificate is for this name, and, where it asks for one, KAFKA_SSL_CERTFILE"
    )


def _password(settings: Settings) -> str:
    """The user's password, empty where there is no user."""
    user, protocol = settings.kafka_sasl_username, settings.kafka_security_protocol
    wanted = protocol.startswith("SASL")
    if bool(user) != wanted:
        raise SettingError(
            f"KAFKA_SECURITY_PROTOCOL={protocol}: expected "
            + ("KAFKA_SASL_USERNAME with it, got none" if wanted else "SASL_SSL with KAFKA_SASL_USERNAME, which is set")
        )
    given, path = settings.kafka_sasl_password, settings.kafka_sasl_password_file
    if wanted and bool(given) == bool(path):
        came = "both" if given else "none"
        raise SettingError(f"KAFKA_SASL_PASSWORD: expected either it or KAFKA_SASL_PASSWORD_FILE, got {came}")
    password = _read(path) if path else from_environment(given, "KAFKA_SASL_PASSWORD", SettingError)
    if wanted and not password:
        raise SettingError(f"KAFKA_SASL_PASSWORD_FILE={path}: expected a file that holds a password, got an empty one")
    return password if wanted else ""


def _read(path: str) -> str:
    try:
        return Path(path).read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise SettingError(f"KAFKA_SASL_PASSWORD_FILE={path}: expected a file that holds a password: {why}") from None


def _context(settings: Settings) -> ssl.SSLContext | None:
    """The TLS context: trusted CAs and the client's certificate; None for plain text."""
    if not settings.kafka_security_protocol.endswith("SSL"):
        for name in ("kafka_ssl_cafile", "kafka_ssl_certfile", "kafka_ssl_keyfile"):
            if path := getattr(settings, name):
                raise SettingError(
                    f"{variable_of(name)}={path}: expected KAFKA_SECURITY_PROTOCOL=SSL or SASL_SSL with it, "
                    f"got {settings.kafka_security_protocol}"
                )
        return None
    context = _trusting(settings.kafka_ssl_cafile)
    if certificate := settings.kafka_ssl_certfile:
        try:
            context.load_cert_chain(certificate, settings.kafka_ssl_keyfile or None, password=_no_password)
        except (OSError, ValueError) as error:
            raise SettingError(
                f"KAFKA_SSL_CERTFILE={certificate}: expected a certificate in PEM, its key in the same file or in "
                f"KAFKA_SSL_KEYFILE, without a pass phrase: {_why(error)}"
            ) from None
    return context


def _trusting(path: str) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=path or None)
    except OSError as error:
        raise SettingError(f"KAFKA_SSL_CAFILE={path}: expected certificates in PEM: {_why(error)}") from None


def _no_password() -> str:
    # Else OpenSSL would ask on the terminal, and a service would wait for ever.
    raise ValueError("the key has a pass phrase")


def _why(error: Exception) -> str:
    return (isinstance(error, OSError) and error.strerror) or str(error)
