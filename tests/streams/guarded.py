"""A real Kafka that wants to know who one is: users, certificates, and imagebus's settings for each user."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AclBinding,
    AclOperation,
    AclPermissionType,
    ResourcePatternType,
    ResourceType,
)

from streams import settings
from streams.kafka import topics
from streams.settings import Settings
from tests.kafka_node import KafkaNode
from tests.processes import PROJECT
from web.auth.certificate import make

PASSWORDS = {"admin": "admin-secret", "edge": "edge-secret", "viewer": "viewer-secret", "notify": "notify-secret"}
MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512")
_SECURITY = "org.apache.kafka.common.security"


@dataclass(frozen=True)
class Guarded:
    """Where it is, and the files of a user: who signed its certificate, and a stranger's certificate and key."""

    url: str
    ca: Path
    stranger: Path

    def env(self, user: str, **changes: str) -> dict[str, str]:
        """The environment of a process of this user; `changes` by a setting's name, which may be empty."""
        given = {
            "url": self.url,
            "security_protocol": "SASL_SSL",
            "sasl_username": user,
            "sasl_password": PASSWORDS[user],
            "ssl_cafile": str(self.ca),
        }
        return {f"KAFKA_{name.upper()}": value for name, value in (given | changes).items()}

    def settings(self, user: str, **changes: str) -> Settings:
        """The same as settings of this process."""
        return settings.load(self.env(user, **changes))


@contextmanager
def guarded_kafka(folder: Path) -> Iterator[Guarded]:
    """One with SASL_SSL and the access lists of the documentation in force; `admin` may do everything."""
    ca, key = make(("localhost", "127.0.0.1"))
    stranger, strangers_key = make(("localhost", "127.0.0.1"))
    files = {"ca.pem": ca, "broker.pem": key + ca, "stranger.pem": stranger + strangers_key}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    users = [
        f"--add-scram={mechanism}=[name={name},password={word}]"
        for name, word in PASSWORDS.items()
        for mechanism in MECHANISMS[1:]
    ]
    with KafkaNode(_broker_settings(folder), users) as node:
        guarded = Guarded(node.url, folder / "ca.pem", folder / "stranger.pem")
        admin = topics.admin(guarded.settings("admin"))
        for made in admin.create_acls([acl for line in _documented() for acl in _acls(line)]).values():
            made.result()
        yield guarded


def _documented() -> list[str]:
    text = (PROJECT / "docs" / "privacy.md").read_text()
    return re.findall(r"^\$ kafka-acls\.sh (.*)$", text, re.MULTILINE)


def _acls(line: str) -> list[AclBinding]:
    """What a line for kafka-acls.sh says."""
    parser = argparse.ArgumentParser()
    for name in ("bootstrap-server", "command-config", "allow-principal", "operation", "topic", "group"):
        parser.add_argument(f"--{name}")
    parser.add_argument("--resource-pattern-type", default="literal")
    parser.add_argument("--add", action="store_true")
    said = parser.parse_args(shlex.split(line))
    pattern = ResourcePatternType[said.resource_pattern_type.upper()]
    operation = AclOperation[said.operation.upper()]
    return [
        AclBinding(kind, name, pattern, said.allow_principal, "*", operation, AclPermissionType.ALLOW)
        for kind, name in ((ResourceType.TOPIC, said.topic), (ResourceType.GROUP, said.group))
        if name
    ]


def _broker_settings(folder: Path) -> dict[str, str]:
    scram = f"{_SECURITY}.scram.ScramLoginModule required"
    own = f'username="admin" password="{PASSWORDS["admin"]}"'
    plain = " ".join(f'user_{name}="{word}"' for name, word in PASSWORDS.items())
    return {
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,CLIENT:SASL_SSL",
        "sasl.enabled.mechanisms": ",".join(MECHANISMS),
        "sasl.mechanism.inter.broker.protocol": "SCRAM-SHA-512",
        "listener.name.client.scram-sha-256.sasl.jaas.config": f"{scram};",
        "listener.name.client.scram-sha-512.sasl.jaas.config": f"{scram} {own};",
        "listener.name.client.plain.sasl.jaas.config": f"{_SECURITY}.plain.PlainLoginModule required {plain};",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.location": str(folder / "broker.pem"),
        "ssl.truststore.type": "PEM",
        "ssl.truststore.location": str(folder / "ca.pem"),
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:admin;User:ANONYMOUS",  # the controller's own listener, on loopback
    }
