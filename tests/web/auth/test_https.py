"""https: with the certificate that `imagebus certificate` makes, and behind nginx as docs/nginx.conf says."""

from __future__ import annotations

import socket
import ssl
import stat
import urllib.request
from collections.abc import Callable, Iterator
from http.client import HTTPSConnection
from pathlib import Path
from urllib.parse import urlencode

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from playwright.sync_api import Browser, expect

from tests.commands import Command
from tests.processes import IMAGEBUS, PROJECT, Process, free_port
from tests.wait import wait_until
from tests.web.frames_of_chain import REDACTED, Camera
from tests.web.viewing import CONNECTED, start_viewer

PASSWORD = "the operator's own"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a certificate for this host."""
    folder = tmp_path_factory.mktemp("certificate")
    with Process([*IMAGEBUS, "certificate", "--out", folder]) as making:
        assert making.wait() == 0, making.tail()
    return folder


def get(url: str, trusted: Path) -> int:
    """The status of a page whose certificate must be the trusted one."""
    context = ssl.create_default_context(cafile=trusted / "imagebus-cert.pem")
    with urllib.request.urlopen(url, context=context, timeout=5) as answer:
        return int(answer.status)


def answers(url: str, trusted: Path) -> bool:
    try:
        return get(url, trusted) == 200
    except OSError:
        return False


def test_a_certificate_is_for_this_host_and_its_key_for_nobody_else(certificate: Path) -> None:
    key = certificate / "imagebus-key.pem"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    with Process([*IMAGEBUS, "certificate", "--out", certificate]) as again:
        assert again.wait() == 2
        assert f"--out: expected to write {key}, got: File exists" in again.text


def test_a_certificate_is_one_for_servers(certificate: Path) -> None:
    made = x509.load_pem_x509_certificate((certificate / "imagebus-cert.pem").read_bytes())
    usage = made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usage) == [ExtendedKeyUsageOID.SERVER_AUTH]


def test_over_https_the_sessions_cookie_is_sent_over_https_only(certificate: Path) -> None:
    port = free_port()
    tls = ["--tls-cert", certificate / "imagebus-cert.pem", "--tls-key", certificate / "imagebus-key.pem"]
    env = {"KAFKA_URL": f"127.0.0.1:{free_port()}", "IMAGEBUS_OPERATOR_PASSWORD": PASSWORD}
    with Process([*IMAGEBUS, "viewer", "--host", "0.0.0.0", "--port", str(port), *tls], env=env):
        wait_until(lambda: answers(f"https://localhost:{port}/login", certificate), 20, "a page by https")
        context = ssl.create_default_context(cafile=certificate / "imagebus-cert.pem")
        wire = HTTPSConnection("localhost", port, context=context, timeout=10)
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        wire.request("POST", "/login", urlencode({"password": PASSWORD}), form)
        answer = wire.getresponse()
        wire.close()
    assert "Secure" in str(answer.headers["Set-Cookie"])


@pytest.mark.parametrize("command", ["viewer", "camera"])
def test_beyond_loopback_nothing_is_served_readable_unless_that_is_wanted(command: str) -> None:
    env = {"KAFKA_URL": f"127.0.0.1:{free_port()}", "IMAGEBUS_OPERATOR_PASSWORD": PASSWORD}
    port = free_port()
    listen = [*IMAGEBUS, command, "--host", "0.0.0.0", "--port", str(port)]
    with Process(listen, env=env) as refused:
        assert refused.wait() == 2
        assert "--host: expected --tls-cert with an address that others can reach, got 0.0.0.0" in refused.text
    with Process([*listen, "--insecure"], env=env):
        wait_until(lambda: _port_answers(port), 20, "a page")


@pytest.mark.parametrize("command", ["viewer", "camera"])
def test_the_help_says_what_insecure_means(command: str, imagebus: Command) -> None:
    ended = imagebus(command, "--help")
    assert ended.code == 0
    said = " ".join(ended.out.split())
    assert "passwords, keys and pictures go over the network for everybody on it to read" in said


@pytest.mark.parametrize("command", ["viewer", "camera"])
def test_pages_are_served_by_https(command: str, certificate: Path) -> None:
    port = free_port()
    tls = ["--tls-cert", certificate / "imagebus-cert.pem", "--tls-key", certificate / "imagebus-key.pem"]
    env = {"KAFKA_URL": f"127.0.0.1:{free_port()}"}
    with Process([*IMAGEBUS, command, "--port", str(port), *tls], env=env) as process:
        process.wait_for_line(f"https://127.0.0.1:{port}/")
        wait_until(lambda: answers(f"https://localhost:{port}/", certificate), 20, "a page by https")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--tls-key", "{folder}/imagebus-key.pem"], "--tls-key: expected --tls-cert with it, got none"),
        (["--tls-cert", "{folder}/imagebus-key.pem"], "--tls-cert: expected a certificate and its key in PEM"),
    ],
)
def test_a_certificate_that_cannot_be_used_is_refused(
    options: list[str], said: str, certificate: Path, imagebus: Command
) -> None:
    ended = imagebus("viewer", *(option.format(folder=certificate) for option in options))
    assert ended.code == 2
    assert said in ended.err


@pytest.fixture
def proxied(
    embedded: str, certificate: Path, tmp_path: Path, program: Callable[[str, str], str]
) -> Iterator[tuple[str, str]]:
    """The address of nginx with docs/nginx.conf before a viewer with a password, and the viewer's broker."""
    nginx = program("nginx", "install it (Debian: apt-get install nginx)")
    with start_viewer(embedded, env={"IMAGEBUS_OPERATOR_PASSWORD": PASSWORD}) as viewing:
        viewing.wait_until_ready()
        port, config = free_port(), tmp_path / "nginx.conf"
        server = (PROJECT / "docs" / "nginx.conf").read_text("utf-8")
        for ours, theirs in {
            "listen 443": f"listen 127.0.0.1:{port}",
            "127.0.0.1:5000": f"127.0.0.1:{viewing.port}",
            "/etc/ssl/cameras": str(certificate),
        }.items():
            assert ours in server
            server = server.replace(ours, theirs)
        places = "".join(
            f"{kind}_temp_path {tmp_path}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        config.write_text(
            f"pid {tmp_path}/pid; daemon off; error_log stderr; events {{}} "
            f"http {{ access_log off; {places}\n{server}\n}}"
        )
        with Process([nginx, "-p", tmp_path, "-c", config]):
            url = f"https://localhost:{port}"
            wait_until(lambda: answers(f"{url}/login", certificate), 20, "nginx before the viewer")
            yield url, embedded


def test_behind_nginx_a_person_logs_in_and_sees_pictures(proxied: tuple[str, str], browser: Browser) -> None:
    url, broker = proxied
    context = browser.new_context(ignore_https_errors=True)
    page = context.new_page()
    page.goto(url)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("#status")).to_have_text(CONNECTED)
    (cookie,) = context.cookies()
    assert cookie["secure"]
    assert cookie["httpOnly"]
    page.goto(f"{url}/redaction")
    Camera(broker, "door").send(1)
    page.locator(f".pane[data-topic={REDACTED}][data-source=door]").wait_for(timeout=10_000)
    context.close()


def _port_answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
