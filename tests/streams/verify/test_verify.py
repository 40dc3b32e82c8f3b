"""`imagebus verify`: eight leaks that were planted are found, results that are good pass."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import av
import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from functions.core import jpeg
from functions.core.frame import Detection, Frame
from functions.core.jpeg import Image
from functions.core.registry import load
from functions.models import catalogue
from streams.verify.looking import FACE, PERSON, Detectors, detectors
from streams.verify.result import Result
from streams.verify.truth import read_people
from streams.verify.verifying import Asked, verify
from streams.verify.worst import Worst
from tests.streams.verify.planted import FPS, Scene, blurred, film, mosaic, scene_of, turned

# Detectors look at every frame of every film: half a second tells what there is to tell.
FRAMES = slice(8, 16)


@dataclass(frozen=True)
class Street:
    """The raw film, what it is made of, and who looks."""

    folder: Path
    raw: Path
    scene: Scene
    asked: Asked

    def verified(self, redacted: Path, raw: Path | None = None) -> Result:
        return verify(raw or self.raw, redacted, self.asked, Worst(False), quietly, print)

    def film(self, name: str, images: list[Image]) -> Path:
        return film(self.folder / name, images)


@dataclass(frozen=True)
class LookingOnce(Detectors):
    """Looks at each raw picture once for all films: in the same pixels it would find the same."""

    seen: dict[bytes, list[Detection]] = field(default_factory=dict)

    def in_raw(self, image: Image) -> list[Detection]:
        pixels = image.tobytes()
        if pixels not in self.seen:
            self.seen[pixels] = super().in_raw(image)
        return self.seen[pixels]


@pytest.fixture(scope="module")
def street(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Street]:
    folder = tmp_path_factory.mktemp("street")
    whole = scene_of(data)
    scene = Scene(whole.images[FRAMES], whole.people[FRAMES])
    scene.write_truth(folder / "truth.csv")
    known_folder = catalogue._Folder.path
    catalogue.use_folder(data / "models")
    looking = detectors(load(), [PERSON, FACE], "detect_people")
    once = LookingOnce(looking.people, looking.again, looking.faces, looking.independent)
    asked = Asked(once, read_people(folder / "truth.csv"))
    yield Street(folder, film(folder / "raw.mp4", list(scene.images), quality=18), scene, asked)
    catalogue.use_folder(known_folder)


def quietly(frames: Iterator[Frame], total: int | None, what: str) -> Iterator[Frame]:
    return frames


def failed(result: Result) -> dict[str, str]:
    """The checks that failed, with all they say."""
    return {check.name: " ".join([check.text, *check.details]) for check in result.checks if check.passed is False}


def blink(scene: Scene) -> list[Image]:
    return [scene.images[number] if number == 5 else each for number, each in enumerate(scene.redacted())]


def turned_masks(scene: Scene) -> list[Image]:
    return [turned(image, scene.mask(number), 90) for number, image in enumerate(scene.images)]


LEAKS: dict[str, tuple[Callable[[Scene], list[Image]], str]] = {
    "a blink of one frame": (blink, "can be seen: frames 6"),
    "a mask shifted by a rotation": (turned_masks, "can be seen: frames 1 to 8"),
    "a lower strip uncovered": (lambda scene: scene.redacted(uncovered=0.3), "can be seen in part: frames 1 to"),
    "a mask late by 0.2 s": (lambda scene: scene.redacted(late=FPS // 5), "can be seen in part: frames"),
    "a blur that is too weak": (lambda scene: scene.redacted(fill=blurred(0.03)), "can be seen: frames 1 to 8"),
}


@pytest.mark.parametrize("leak", LEAKS)
def test_a_leak_in_the_picture_is_found(street: Street, leak: str) -> None:
    redact, said = LEAKS[leak]
    result = street.verified(street.film("leak.mp4", redact(street.scene)))
    assert said in failed(result)["people"]
    assert result.exposed


def test_a_second_video_stream_is_found(street: Street) -> None:
    few = street.scene.redacted()[:2]
    redacted = film(street.folder / "second.mp4", few, second=[image[:288, :384] for image in street.scene.images[:2]])
    raw = film(street.folder / "two.mp4", list(street.scene.images[:2]))
    assert failed(street.verified(redacted, raw)) == {
        "streams": "1 streams, chapters or boxes beside it a second video stream of 384x288 (stream 1)"
    }


def test_a_preview_in_the_container_is_found(street: Street) -> None:
    raw = film(street.folder / "two.mp4", list(street.scene.images[:2]))
    redacted = film(street.folder / "preview.mp4", street.scene.redacted()[:2])
    preview = jpeg.encode(cv2.resize(street.scene.images[0], (160, 120)).astype(np.uint8))
    with redacted.open("ab") as file:
        file.write((len(preview) + 8).to_bytes(4, "big") + b"free" + preview)
    found = failed(street.verified(redacted, raw))
    assert found.keys() == {"streams", "pictures within"}
    assert "a JPEG of 160x120 at byte" in found["pictures within"]
    assert "space marked as free, which is not empty" in found["streams"]


def test_an_exif_thumbnail_is_found(street: Street) -> None:
    raw, redacted = street.folder / "raw.jpg", street.folder / "thumbnail.jpg"
    raw.write_bytes(jpeg.encode(street.scene.images[0]))
    redacted.write_bytes(with_thumbnail(street.scene.redacted()[0], street.scene.images[0]))
    found = failed(street.verified(redacted, raw))
    assert found.keys() == {"pictures within", "tags"}
    assert "a JPEG of 160x120 at byte" in found["pictures within"]
    assert "Make: Camera" in found["tags"]


def with_thumbnail(shown: Image, thumbnail: Image) -> bytes:
    """A JPEG whose EXIF names a camera, and has the other picture for a thumbnail."""
    small = jpeg.encode(cv2.resize(thumbnail, (160, 120)).astype(np.uint8))
    exif = Pillow.Exif()
    exif[0x010F] = "Camera"
    block = exif.tobytes() + small
    whole = io.BytesIO()
    Pillow.fromarray(shown[..., ::-1]).save(whole, "JPEG", quality=92, exif=block)
    return whole.getvalue()


GOOD: dict[str, Callable[[Scene], list[Image]]] = {
    "black": lambda scene: scene.redacted(),
    "blurred strongly": lambda scene: scene.redacted(fill=blurred(0.2)),
    "pixelated": lambda scene: scene.redacted(fill=mosaic(5)),
}


@pytest.mark.parametrize("kind", GOOD)
def test_a_good_result_passes(street: Street, kind: str) -> None:
    result = street.verified(street.film("good.mp4", GOOD[kind](street.scene)))
    assert failed(result) == {}
    assert result.figures
    assert result.figures.looked_at[PERSON] >= 6 * len(street.scene.images) * 0.8
    assert (result.figures.dropped, result.figures.repeated, result.figures.unlike) == (0, 0, 0)


def test_a_good_picture_passes(street: Street) -> None:
    raw, redacted = street.folder / "raw.png", street.folder / "good.jpg"
    cv2.imwrite(str(raw), street.scene.images[0])
    redacted.write_bytes(jpeg.encode(street.scene.redacted()[0]))
    assert failed(street.verified(redacted, raw)) == {}


def test_true_boxes_give_the_figures_of_the_privacy_bench(street: Street) -> None:
    truth = street.verified(street.film("good.mp4", street.scene.redacted())).truth
    assert truth
    assert (truth["under_half"], truth["never_exposed"], truth["longest_exposed_s"]) == (0, 1, 0)
    assert truth["coverage"] > 0.9
    nothing = street.verified(street.film("nothing.mp4", list(street.scene.images))).truth
    assert nothing
    assert (nothing["coverage"], nothing["under_half"], nothing["never_exposed"]) == (0, 1, 0)
    assert nothing["longest_exposed_s"] == pytest.approx(len(street.scene.images) / FPS)


def test_sound_and_tags_are_found(street: Street) -> None:
    raw = film(street.folder / "two.mp4", list(street.scene.images[:2]))
    loud, silent = (
        with_sound(street.folder / f"sound{volume}.mp4", street.scene.redacted()[:2], volume) for volume in (0.3, 0.0)
    )
    found = failed(street.verified(loud, raw))
    assert found.keys() == {"sound", "tags", "streams"}
    assert "audio stream 1 (aac)" in found["sound"]
    assert "location: +52.5200+013.4050/" in found["tags"]
    assert failed(street.verified(silent, raw)).keys() == {"tags", "streams"}


def with_sound(path: Path, images: list[Image], volume: float) -> Path:
    with av.open(str(path), "w") as container:
        container.metadata["location"] = "+52.5200+013.4050/"
        video, audio = container.add_stream("libx264", rate=FPS), container.add_stream("aac", rate=8000)
        video.width, video.height, video.pix_fmt = images[0].shape[1], images[0].shape[0], "yuv420p"
        for image in images:
            container.mux(video.encode(av.VideoFrame.from_ndarray(image, format="bgr24")))
        tone = (volume * np.sin(np.arange(1024) / 5)).astype(np.float32)[None]
        for _ in range(4):
            frame = av.AudioFrame.from_ndarray(tone, format="fltp", layout="mono")
            frame.sample_rate = 8000
            container.mux(audio.encode(frame))
        container.mux([*video.encode(None), *audio.encode(None)])
    return path


def test_a_film_of_something_else_does_not_pass(street: Street) -> None:
    noise = [np.random.default_rng(number).integers(0, 255, (72, 96, 3), np.uint8) for number in range(4)]
    other = street.film("other.mp4", [cv2.resize(each, (768, 576)).astype(np.uint8) for each in noise])
    assert "frames 1 to 4 show what no raw frame does" in failed(street.verified(other))["frames"]
    turned_film = street.film("sideways.mp4", [np.rot90(image).copy() for image in street.scene.images[:3]])
    assert "expected a picture of the shape of 768x576, got 576x768" in failed(street.verified(turned_film))["frames"]
