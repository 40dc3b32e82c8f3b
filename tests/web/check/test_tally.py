"""Numbers of a check: people count once, the sentence says what they prove, and a file keeps them over days."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from random import Random

import msgspec
import pytest

from functions.redaction.confidence_bound import CONFIDENCE
from web.check.checks import Checks
from web.check.report import report
from web.check.tally import Check, Counted, Mark, Settings, Step, Tally, percent_up

STEPS = [Step("detect", "detect_people", "1", {"tiles": "auto"}), Step("redact", "redact", "1", {"hold_s": 0.3})]
SETTINGS = Settings(["person"], "solid", STEPS)
HOUR_US = 3_600_000_000


def said(there: Iterable[str] = (), exposed: Iterable[str] = (), others: int = 0) -> Mark:
    return Mark(frozenset(there), frozenset(exposed), others)


def tally_of(*marks: Mark) -> Tally:
    tally, counted = Tally(), Counted()
    for mark in marks:
        tally = counted.after(tally, mark)
    return tally


@pytest.fixture
def checks(tmp_path: Path) -> Checks:
    return Checks(tmp_path / "viewer.checks", clock=iter(range(1_000, 9_000)).__next__)


def test_who_is_in_several_frames_is_one_person_exposed_where_any_of_them_exposes_them() -> None:
    assert tally_of(said("ab"), said("ab"), said("bc", "b"), said("b", "b"), said("b")) == Tally(5, 3, 1)


def test_who_has_no_track_is_somebody_else_in_each_frame() -> None:
    assert tally_of(said("a", others=1), said("a", others=2)) == Tally(2, 4, 3)


def test_who_is_marked_counts_however_unsure_their_detection_was() -> None:
    assert tally_of(said("", "a"), said("a"), said("", "a")) == Tally(3, 1, 1)


def test_people_are_remembered_in_a_bounded_number() -> None:
    counted, tally = Counted(), Tally()
    for number in range(5_000):
        tally = counted.after(tally, said([str(number)]))
    assert tally == Tally(5_000, 5_000, 0)
    assert len(counted._exposed) == 4_096


@pytest.mark.parametrize(
    ("tally", "sentence"),
    [
        (Tally(), "No random frame is marked yet."),
        (Tally(1, 0, 0), "Of 0 people in 1 frame none was exposed: that bounds nothing yet."),
        (Tally(1, 1, 1), "Of 1 person in 1 frame 1 was exposed: that bounds nothing yet."),
        (Tally(150, 212, 1), "Of 212 people in 150 frames 1 was exposed: with 95 % confidence fewer than 2.3 % are."),
        (
            Tally(150, 212, 0),
            "Of 212 people in 150 frames none was exposed: with 95 % confidence fewer than 1.5 % are.",
        ),
        (Tally(9, 40, 3), "Of 40 people in 9 frames 3 were exposed: with 95 % confidence fewer than 18.3 % are."),
    ],
)
def test_the_sentence_says_what_is_known(tally: Tally, sentence: str) -> None:
    assert tally.sentence.replace("\N{NO-BREAK SPACE}", " ") == sentence


@pytest.mark.parametrize(("share", "text"), [(0.0221, "2.3"), (0.022, "2.2"), (0.5, "50.0"), (1.0, "100.0")])
def test_a_bound_is_rounded_up(share: float, text: str) -> None:
    assert percent_up(share) == f"{text}\N{NO-BREAK SPACE}%"


def test_the_bound_holds_the_true_share_in_95_of_100_sessions() -> None:
    """Sessions of 60 frames with up to four people each, who stay for three of them: 4 % are exposed throughout."""
    chance, sessions, true = Random(17), 400, 0.04
    held = sum(_session(chance, true).bound >= true for _ in range(sessions))
    assert held >= CONFIDENCE * sessions


def _session(chance: Random, true: float) -> Tally:
    exposed = {str(number) for number in range(240) if chance.random() < true}
    frames = ([str(at // 3 * 4 + place) for place in range(chance.randint(0, 4))] for at in range(60))
    return tally_of(*(said(there, exposed & {*there}) for there in frames))


def test_sessions_add_up_over_a_restart(checks: Checks, tmp_path: Path) -> None:
    checks.mark("door", SETTINGS, "random", said("ab", "a"), captured_at=5 * HOUR_US)
    checks.mark("door", SETTINGS, "doubt", said("cd", "cd", 1), captured_at=6 * HOUR_US)
    checks.leave("door", SETTINGS)
    again = Checks(tmp_path / "viewer.checks", clock=lambda: 99_000.0)
    check = again.mark("door", SETTINGS, "random", said("e"), captured_at=29 * HOUR_US)
    assert (check.random, check.doubt, check.left) == (Tally(2, 3, 1), Tally(1, 3, 3), 1)
    assert (check.began_at, check.updated_at) == (1_000, 99_000)
    assert [hour for hour, count in enumerate(check.hours) if count] == [5]
    assert (tmp_path / "viewer.checks").stat().st_mode & 0o077 == 0


def test_another_redaction_wants_another_check_and_the_first_goes_on_where_it_comes_back(checks: Checks) -> None:
    other = msgspec.structs.replace(SETTINGS, style="blur")
    for settings, people in [(SETTINGS, "a"), (other, "bc"), (SETTINGS, "d")]:
        checks.mark("door", settings, "random", said(people), 0)
    checks.mark("yard", SETTINGS, "random", said("xyz"), 0)
    last = checks.last("door")
    assert last
    assert (last.settings, last.random) == (SETTINGS, Tally(2, 2, 0))
    assert checks.last("nowhere") is None


def test_a_check_that_was_begun_anew_counts_by_itself_and_the_last_one_stays_until_then(checks: Checks) -> None:
    checks.mark("door", SETTINGS, "random", said("ab"), 0)
    checks.begin_anew("door")
    checks.leave("door", SETTINGS)  # shows nothing yet
    last = checks.last("door")
    assert last
    assert (last.ended, last.random) == (True, Tally(1, 2, 0))
    assert checks.mark("door", SETTINGS, "random", said("c"), 0).random == Tally(1, 1, 0)


def test_a_file_that_cannot_be_read_is_kept_aside(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "viewer.checks"
    path.write_text("{")
    path.chmod(0o600)
    Checks(path).mark("door", SETTINGS, "random", said("a"), 0)
    assert (tmp_path / "viewer.checks.unreadable").read_text() == "{"
    assert "kept as viewer.checks.unreadable" in caplog.text
    last = Checks(path).last("door")
    assert last
    assert last.random.people == 1


def test_the_file_has_a_bound(checks: Checks) -> None:
    for number in range(510):
        checks.mark(f"camera {number}", SETTINGS, "random", said("a"), 0)
    assert checks.last("camera 9") is None
    assert checks.last("camera 10")
    assert len(checks._all) == 500


def test_a_disk_that_is_full_ends_no_check(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").touch()
    check = Checks(tmp_path / "file" / "viewer.checks").mark("door", SETTINGS, "random", said("a"), 0)
    assert check.random.people == 1
    assert "the checks end with this process" in caplog.text


def test_the_kept_page_says_numbers_settings_versions_camera_and_times_as_text() -> None:
    steps = [*STEPS, Step("<i>", "my_function", "2", {"labels": ["<b>"]})]
    settings = Settings(["person"], "solid", steps)
    check = Check('<script>"', settings, 0.0, 86_400.0, Tally(150, 212, 1), Tally(20, 30, 2), 3, [4] * 24)
    page = report(check, ("SOURCE_FRAME", "REDACTION_FRAME")).replace("\N{NO-BREAK SPACE}", " ")
    for text in [
        "Of 212 people in 150 frames 1 was exposed: with 95 % confidence fewer than 2.3 % are.",
        "Of 30 people in 20 frames 2 were exposed",
        "1970-01-01 00:00 UTC, 1970-01-02 00:00 UTC",
        "SOURCE_FRAME and REDACTION_FRAME",
        "detect_people 1: tiles = &quot;auto&quot;",
        "&lt;script&gt;&quot;",
        "my_function 2: labels = [&quot;&lt;b&gt;&quot;]",
        settings.version,
    ]:
        assert text in page
    assert not any(foreign in page for foreign in ("<script", "<img", "data:", "url(", "<i>", "<b>"))
