"""The pages follow from the chain."""

from __future__ import annotations

from pathlib import Path

from functions.core import registry
from streams.chain import types as chains
from streams.chain.types import Chain
from web.viewer.pages import pages, topic_infos


def chain_of(text: str, folder: Path) -> Chain:
    path = folder / "chain.toml"
    path.write_text(text)
    return chains.load(path)


def test_the_default_chain_has_its_pages() -> None:
    assert [(page.path, page.title, page.left, page.right, page.details) for page in pages(chains.load())] == [
        ("/", "Identification", "SOURCE_FRAME", "ANNOTATED_FRAME", False),
        ("/imageai", "ImageAI", "SOURCE_FRAME", "ANNOTATED_FRAME", True),
        ("/redaction", "Redaction", "ANNOTATED_FRAME", "REDACTION_FRAME", True),
        ("/wall", "Wall", None, "REDACTION_FRAME", False),
        ("/counts", "Counts", None, "COUNTS", False),
        ("/alerts", "Alerts", None, "ALERTS", False),
        ("/check", "Check", "SOURCE_FRAME", "REDACTION_FRAME", False),
        ("/cameras", "Cameras", None, "REDACTION_FRAME", False),
        ("/hour", "Last hour", None, "REDACTION_FRAME", False),
        ("/zones", "Zones", "SOURCE_FRAME", "REDACTION_FRAME", False),
    ]


def test_a_chain_without_annotation_shows_its_source_beside_the_redacted_frame(tmp_path: Path) -> None:
    chain = chain_of(
        """
        [stages.hide]
        function = "redact"
        input = "CAMERA"
        output = "SAFE"
        [topics.SAFE]
        redacted = true
        """,
        tmp_path,
    )
    assert [(page.title, page.left, page.right) for page in pages(chain)] == [
        ("Redaction", "CAMERA", "SAFE"),
        ("Wall", None, "SAFE"),
        ("Counts", None, "COUNTS"),
        ("Alerts", None, "ALERTS"),
        ("Check", "CAMERA", "SAFE"),
        ("Cameras", None, "SAFE"),
        ("Last hour", None, "SAFE"),
        ("Zones", "CAMERA", "SAFE"),
    ]


def test_a_topic_says_who_writes_it_whether_it_is_redacted_and_what_can_be_found() -> None:
    infos = topic_infos(chains.load(), registry.load())
    assert [(name, info.kind, info.stage) for name, info in infos.items()] == [
        ("SOURCE_FRAME", "raw", None),
        ("IMAGEAI_FRAME", "raw", "detect"),
        ("ANNOTATED_FRAME", "annotated", "annotate"),
        ("REDACTION_FRAME", "redacted", "redact"),
    ]
    assert infos["SOURCE_FRAME"].labels == ()
    assert infos["REDACTION_FRAME"].labels == ("person",)


def test_a_function_that_is_not_known_here_has_no_labels() -> None:
    assert topic_infos(chains.load(), {})["REDACTION_FRAME"].labels == ()
