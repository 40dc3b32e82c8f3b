"""What `imagebus publish` refuses before it begins."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from functions.core.errors import UsageError
from streams.chain import types as chains
from streams.chain.check import check
from streams.chain.function_options import registered
from streams.chain.outputs_section import StreamConf
from streams.cli import imagebus
from streams.settings import Settings
from tests.streams.chains import STUB_CHAIN, environment

FRONT = '[outputs.front]\nkind = "stream"\nurl = "rtsp://recorder/{source}"\n'
DISK = '[outputs.disk]\nkind = "recording"\ndir = "/var/lib/recordings"\n'


@pytest.mark.parametrize(
    ("outputs", "names", "message"),
    [
        (FRONT, ["fornt"], "Output fornt: expected one of front; did you mean front"),
        (FRONT + DISK, ["disk"], "Output disk: expected kind = 'stream', got 'recording'"),
        (FRONT.replace("rtsp:", "http:"), [], "Output front: url: expected an address that begins with one of rtsp://"),
        (FRONT.replace("/{source}", '/x"\nsources=["a", "b"]#'), [], r"url: expected \{source\} in it, .* 2 sources"),
        (FRONT.replace("rtsp://recorder/{source}", "env:NOWHERE"), [], "env:NOWHERE: expected the url of output front"),
        (FRONT.replace("rtsp://recorder/{source}", "env:HOME"), [], "Output front, url: expected an address"),
        (
            FRONT.replace("recorder", "me:a/b@recorder"),
            [],
            r"rtsp://me:\*\*\*@recorder/source: expected / \? # @",
        ),
        (FRONT + 'topic = "SOURCE_FRAME"\n', [], "front, topic: expected a redacted topic, or raw = true"),
    ],
)
def test_an_output_that_cannot_be_is_refused(
    outputs: str, names: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment("127.0.0.1:1", tmp_path, STUB_CHAIN + outputs).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UsageError, match=message):
        CliRunner().invoke(imagebus, ["publish", *names], catch_exceptions=False)


def test_the_chain_of_the_restream_profile_is_the_one_that_ships_with_an_output() -> None:
    restream = chains.load(chains.DEFAULT.with_name("chain-restream.toml"))
    assert replace(restream, outputs={}) == chains.load()
    check(restream, registered(Settings()))
    assert restream.outputs == {"restream": StreamConf(url="rtsp://mediamtx:8554/{source}")}
