"""All example chains in one worker on a real Kafka, and Node with what the examples for it need."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import cv2
import pytest

from tests.missing import missing
from tests.processes import PROJECT
from tests.streams.chains import environment, wait_ready, worker

EXAMPLES = PROJECT / "examples"
STAGES = """
    visitors faces people gate lobby street-people street-faces street-hidden corner corner-hidden
""".split()  # noqa: SIM905
_NODE = Path(os.environ.get("IMAGEBUS_CACHE", PROJECT / ".cache")).resolve() / "node"


@pytest.fixture(scope="module")
def examples(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A worker runs every chain of examples/, which share no stage and no topic; the environment of its neighbours."""
    chain = "\n".join(file.read_text("utf-8") for file in sorted(EXAMPLES.glob("*.toml")))
    folder = tmp_path_factory.mktemp("examples")
    env = environment(kafka, folder, chain, functions="examples.people_and_faces", partitions=4, threads=1)
    with worker(env) as process:
        wait_ready(process, *STAGES)
        yield env


@pytest.fixture
def pictures(clip: Path, tmp_path: Path) -> Callable[[str, Sequence[int]], Path]:
    """Makes a folder of frames of the clip, given by number: a source of one picture a second."""

    def cut(name: str, numbers: Sequence[int]) -> Path:
        folder = tmp_path / name
        folder.mkdir()
        video = cv2.VideoCapture(str(clip))
        for at, number in enumerate(numbers):
            video.set(cv2.CAP_PROP_POS_FRAMES, number)
            cv2.imwrite(str(folder / f"{at:03}.jpg"), video.read()[1], [cv2.IMWRITE_JPEG_QUALITY, 92])
        return folder

    return cut


@pytest.fixture(scope="session")
def node() -> Path:
    """A folder with the examples for Node, and the packages that they name."""
    for program in ("node", "npm"):
        if not shutil.which(program):
            missing(program, "install Node 18.3 or later with npm (Debian: apt-get install nodejs npm)")
    _NODE.mkdir(parents=True, exist_ok=True)
    wanted = (EXAMPLES / "node" / "package.json").read_bytes()
    package, done = _NODE / "package.json", _NODE / "node_modules" / ".done"
    if not done.exists() or done.read_bytes() != wanted:
        package.write_bytes(wanted)
        install = ["npm", "install", "--no-package-lock", "--no-audit", "--no-fund"]
        installed = subprocess.run(install, cwd=_NODE, capture_output=True, text=True, check=False)
        if installed.returncode:
            missing("kafkajs and msgpack for Node", f"`{' '.join(install)}` failed: {installed.stderr.strip()[-500:]}")
        done.write_bytes(wanted)
    for script in (*(EXAMPLES / "node").glob("*.mjs"), *Path(__file__).parent.glob("*.mjs")):
        shutil.copy(script, _NODE)
    return _NODE
