"""A browser's camera through the whole chain: the viewer shows its people hidden, and who may see no more gets none."""

from __future__ import annotations

import base64
from pathlib import Path

import cv2
import numpy as np
from confluent_kafka import Message
from playwright.sync_api import Browser, Page, WebSocket, expect

from functions.core import jpeg
from functions.core.jpeg import Image
from streams.wire import records
from streams.wire.records import Record
from tests.bus import consume
from tests.processes import PROJECT
from tests.streams.chains import wait_ready, worker
from tests.wait import wait_until
from tests.web.auth.session import PASSWORDS, VIEWER
from tests.web.ingesting import start_camera, start_ingest
from tests.web.socket_client import Picture, read_picture
from tests.web.viewing import start_viewer

NAME = "telephone <by the door>"
SOURCE, REDACTED = "SOURCE_OF_BROWSERS", "REDACTION_OF_BROWSERS"
# Black and any other colour after JPEG.
BLACK, NOISE, LIGHT = 24, 12, 100
_DRAWN = """topic => {
    const pane = document.querySelector(`.pane[data-topic='${topic}']`);
    return [pane.dataset.id, pane.querySelector("canvas").toDataURL("image/png")];
}"""


def test_people_before_a_browsers_camera_are_hidden_in_the_viewer_and_no_raw_picture_leaves_it(
    kafka: str, filming: Browser, tmp_path: Path
) -> None:
    chain = tmp_path / "chain.toml"  # the one that ships, on topics of this test's own
    shipped = (PROJECT / "streams" / "chain.toml").read_text()
    chain.write_text(shipped.replace("_FRAME", "_OF_BROWSERS") + f"\n[topics.{SOURCE}]\n")
    env = {"KAFKA_URL": kafka, "IMAGEBUS_CHAIN": str(chain), "IMAGEBUS_DATA_DIR": str(tmp_path)}
    with (
        worker(env) as stages,
        start_viewer(kafka, env=env | PASSWORDS) as viewing,
        start_ingest(kafka, env=env) as ingest,
    ):
        wait_ready(stages)
        wait_until(lambda: viewing.state().get("bus") == "ready", 30, "a viewer that reads")
        sending = filming.new_page()
        sending.goto(ingest.url)
        start_camera(sending, NAME)

        looking, received = filming.new_page(), list[bytes]()
        looking.on("websocket", lambda socket: _keep(socket, received))
        looking.goto(viewing.url)
        looking.get_by_label("Password").fill(VIEWER)
        looking.get_by_role("button", name="Log in").click()
        expect(looking.locator(f".pane[data-topic={REDACTED}] .name")).to_have_text(NAME)
        expect(looking.locator(".pane")).to_have_count(1)
        shown, drawn = wait_until(lambda: _people_hidden(looking, received), 60, "a picture in which people are hidden")
        raw = _up_to(kafka, shown.sides["right"]["id"])

    picture = jpeg.decode(shown.jpegs["right"])
    source = jpeg.decode(raw[-1].jpeg)
    assert np.abs(drawn - picture.astype(int)).mean() < NOISE
    for x1, y1, x2, y2 in _hidden(shown):
        assert drawn[y1:y2, x1:x2].max() < BLACK
        assert source[y1:y2, x1:x2].max() > LIGHT
    beside = drawn.max(axis=2) > BLACK
    assert np.median(np.abs(drawn - source.astype(int)).max(axis=2)[beside]) < NOISE

    pictures = [read_picture(message) for message in received]
    assert {side["topic"] for each in pictures for side in each.sides.values()} == {REDACTED}
    assert {each.jpegs["right"] for each in pictures}.isdisjoint(record.jpeg for record in raw)


def _keep(socket: WebSocket, received: list[bytes]) -> None:
    socket.on("framereceived", lambda data: received.append(data) if isinstance(data, bytes) else None)


def _people_hidden(page: Page, received: list[bytes]) -> tuple[Picture, Image] | None:
    """What came last and its pixels on the page, where people are hidden in it and most of the rest is shown."""
    drawn_id, drawn = page.evaluate(_DRAWN, REDACTED)
    came = map(read_picture, reversed(received))
    shown = next((each for each in came if each.sides["right"]["id"] == drawn_id), None)
    if shown is None or shown.sides["right"]["redaction"]["covered"] > 0.5 or not _hidden(shown):
        return None
    encoded = np.frombuffer(base64.b64decode(drawn.partition(",")[2]), np.uint8)
    return shown, cv2.imdecode(encoded, cv2.IMREAD_COLOR)


def _hidden(picture: Picture) -> list[list[int]]:
    found = picture.sides["right"]["detections"]
    return [[round(edge) for edge in each["xyxy"]] for each in found if each["hidden"]]


def _up_to(url: str, last: str) -> list[Record]:
    """All that the camera sent until this frame, which comes last."""
    messages = consume(url, SOURCE, lambda messages: any(_record(message).id == last for message in messages))
    return sorted(map(_record, messages), key=lambda record: record.id == last)


def _record(message: Message) -> Record:
    return records.decode(message.value() or b"")
