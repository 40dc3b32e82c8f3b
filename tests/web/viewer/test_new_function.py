"""A new function is one small file: listed, tried on a picture, run as a stage and seen in the viewer."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from playwright.sync_api import Page

import functions
from functions import Frame
from tests.processes import IMAGEBUS, Process
from tests.web.frames_of_chain import ANNOTATED, SOURCE, Camera, colour_of
from tests.web.viewing import JPEG_NOISE, Viewing, open_page, pixel, wait_for_frame

NEW_FILE = '''
from functions import Frame, function


@function
def negative(frame: Frame, *, white: int = 255) -> Frame:
    """Show every picture as its negative."""
    return frame.with_image(white - frame.image)
'''


def test_one_new_file_is_a_function_of_every_part(
    viewing: Viewing, camera: Callable[[str], Camera], page: Page, tmp_path: Path
) -> None:
    (tmp_path / "negative.py").write_text(NEW_FILE)
    env = {"IMAGEBUS_FUNCTIONS": "negative", "PYTHONPATH": str(tmp_path), "KAFKA_URL": viewing.broker}

    with Process([*IMAGEBUS, "functions"], env) as listing:
        assert listing.wait() == 0
        assert "Show every picture as its negative." in listing.text
        assert "--white" in listing.text

    picture, result = tmp_path / "picture.jpg", tmp_path / "result.png"
    picture.write_bytes(Frame.from_image(np.full((48, 64, 3), (200, 100, 50), np.uint8)).jpeg)
    with Process([*IMAGEBUS, "try", "negative", picture, "-o", result, "--white", "250"], env) as trying:
        assert trying.wait() == 0
    shown = cv2.imread(str(result))
    assert shown is not None
    np.testing.assert_allclose(shown[24, 32], (50, 150, 200), atol=JPEG_NOISE)

    door = camera("negative")
    with Process([*IMAGEBUS, "stage", "negative", "-i", SOURCE, "-t", ANNOTATED], env) as stage:
        stage.wait_for_line("Stage negative: is ready")
        open_page(page, viewing, "/")
        door.send(3, [SOURCE])
        wait_for_frame(page, door, 3)
        assert stage.exit_code is None

    red, green, blue, _ = pixel(page, ANNOTATED, 300, 220)
    wanted = [255 - colour for colour in colour_of(3)]
    np.testing.assert_allclose((red, green, blue), wanted, atol=JPEG_NOISE)


def test_a_file_dropped_into_the_functions_folder_is_found_without_any_setting(tmp_path: Path) -> None:
    package = tmp_path / "functions"
    shutil.copytree(functions.__path__[0], package, ignore=shutil.ignore_patterns("__pycache__"))
    (package / "negative.py").write_text(NEW_FILE)
    listing = "from functions.core import registry; print(*registry.load(), sep='\\n')"
    done = subprocess.run(
        [sys.executable, "-c", listing],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "negative" in done.stdout.split()
