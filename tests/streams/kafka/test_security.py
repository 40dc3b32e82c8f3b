"""Users and certificates of the bus: who is refused is told why and what to do, and no password is shown."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest
from aiokafka import AIOKafkaProducer
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth

from streams.kafka import topics
from streams.kafka.security import for_faust, for_librdkafka
from streams.settings import Secret, SettingError, Settings, load
from tests.processes import IMAGEBUS, Process
from tests.streams.chains import environment, wait_ready, worker
from tests.streams.guarded import MECHANISMS, PASSWORDS, Guarded
from tests.wait import wait_until
from tests.web.viewing import start_viewer

WRONG = "not-the-password"
CHAIN = """
[stages.redact]
function = "redact"
input = "SAFE_IN"
output = "SAFE_OUT"
options = { on_doubt = "cover" }

[topics.SAFE_IN]

[topics.SAFE_OUT]
redacted = true
"""
SASL = {"KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT", "KAFKA_SASL_USERNAME": "edge"}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"KAFKA_SECURITY_PROTOCOL": "TLS"}, "KAFKA_SECURITY_PROTOCOL='TLS': Expected `str` matching regex"),
        ({"KAFKA_SECURITY_PROTOCOL": "SASL_SSL"}, "expected KAFKA_SASL_USERNAME with it, got none"),
        ({"KAFKA_SASL_USERNAME": "edge"}, "KAFKA_SECURITY_PROTOCOL=PLAINTEXT: expected SASL_SSL"),
        (SASL, "KAFKA_SASL_PASSWORD: expected either it or KAFKA_SASL_PASSWORD_FILE, got none"),
        (
            {**SASL, "KAFKA_SASL_PASSWORD": WRONG, "KAFKA_SASL_PASSWORD_FILE": "/nowhere"},
            "KAFKA_SASL_PASSWORD: expected either it or KAFKA_SASL_PASSWORD_FILE, got both",
        ),
        (
            {**SASL, "KAFKA_SASL_PASSWORD_FILE": "/nowhere"},
            "KAFKA_SASL_PASSWORD_FILE=/nowhere: expected a file that holds a password: No such file",
        ),
        (
            {**SASL, "KAFKA_SASL_PASSWORD": "env:NO_SUCH_VARIABLE"},
            "expected KAFKA_SASL_PASSWORD in the environment variable NO_SUCH_VARIABLE, got none",
        ),
        ({"KAFKA_SSL_CAFILE": "ca.pem"}, "KAFKA_SSL_CAFILE=ca.pem: expected KAFKA_SECURITY_PROTOCOL=SSL or SASL_SSL"),
        (
            {"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_SSL_CAFILE": __file__},
            f"KAFKA_SSL_CAFILE={__file__}: expected certificates in PEM",
        ),
        (
            {"KAFKA_SECURITY_PROTOCOL": "SSL", "KAFKA_SSL_CERTFILE": __file__},
            f"KAFKA_SSL_CERTFILE={__file__}: expected a certificate in PEM",
        ),
    ],
)
def test_what_does_not_fit_together_is_refused_in_words(given: dict[str, str], said: str) -> None:
    with pytest.raises(SettingError) as error:
        for_librdkafka(load(given))
    assert said in str(error.value)
    assert WRONG not in str(error.value)


def test_a_password_shows_in_no_repr() -> None:
    said = Settings(kafka_sasl_username="edge", kafka_sasl_password=Secret(WRONG))
    assert WRONG not in f"{said!r} {said.kafka_sasl_password!r}"


@pytest.mark.parametrize("mechanism", MECHANISMS)
async def test_both_clients_log_in_with_each_mechanism(guarded: Guarded, mechanism: str) -> None:
    said = guarded.settings("edge", sasl_mechanism=mechanism)
    assert topics.admin(said).list_topics(timeout=10).brokers
    writer = AIOKafkaProducer(bootstrap_servers=guarded.url, **credentials_to_aiokafka_auth(for_faust(said), None))
    await writer.start()
    await writer.stop()


def test_a_whole_chain_runs_over_sasl_and_tls(guarded: Guarded, clip: Path, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text(f"{PASSWORDS['edge']}\n")
    env = environment(guarded.url, tmp_path, CHAIN, partitions=1)
    env |= guarded.env("edge", sasl_password="", sasl_password_file=str(password))
    produce = [*IMAGEBUS, "produce", clip, "-f", "100", "-t", "SAFE_IN"]
    with worker(env) as stage, start_viewer(guarded.url, env=env) as viewing:
        wait_ready(stage, "redact")
        wait_until(lambda: viewing.state().get("bus") == "ready", 30, "a viewer that holds its topics")
        with Process(produce, env) as producer:
            assert producer.wait(60) == 0, producer.tail()
        wait_until(lambda: viewing.state()["frames"] >= 16, 30, "8 frames on two topics at the viewer")
        for process in (stage, viewing.process):
            assert PASSWORDS["edge"] not in " ".join(psutil.Process(process.pid).cmdline()) + process.text


def refused(guarded: Guarded, command: list[object], **changes: str) -> str:
    """The one line of a command that the broker refuses."""
    with Process([*IMAGEBUS, *map(str, command)], guarded.env("edge", **changes)) as process:
        assert process.wait(30) in (1, 2), process.tail()
        (line,) = process.lines
    return line


def test_a_wrong_password_is_one_line_that_says_what_to_do(guarded: Guarded, clip: Path) -> None:
    line = refused(guarded, ["produce", clip], sasl_password=WRONG)
    assert f"The broker at {guarded.url} refuses the user 'edge': SASL authentication error" in line
    assert "check KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD" in line
    assert WRONG not in line


def test_a_broker_that_is_not_trusted_is_one_line_that_says_what_to_do(guarded: Guarded) -> None:
    line = refused(guarded, ["topics"], ssl_cafile=str(guarded.stranger))
    assert f"No TLS with the broker at {guarded.url}: SSL handshake failed: certificate verify failed" in line
    assert "check that KAFKA_SSL_CAFILE holds who signed its certificate" in line


def test_worker_and_viewer_say_why_they_wait_and_go_on_waiting(guarded: Guarded, tmp_path: Path) -> None:
    env = environment(guarded.url, tmp_path) | guarded.env("edge", sasl_password=WRONG)
    with worker(env, "redact") as stage, start_viewer(guarded.url, env=env) as viewing:
        for process in (stage, viewing.process):
            process.wait_for_line("refuses the user 'edge'.*check KAFKA_SASL_USERNAME", 30)
            assert process.exit_code is None
            assert WRONG not in process.text
