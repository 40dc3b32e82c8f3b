"""Dead letters are counted by source, in a bounded memory that no number of names fills."""

from __future__ import annotations

from streams.runtime.metrics import DeadSources


def test_each_source_has_its_count_and_what_is_no_source_has_none() -> None:
    dead = DeadSources(places=8)
    for key in (b"door", b"door", "Tür".encode(), None, b"", b"x" * 129, b"x" * 2_000_000):
        dead.add(key)
    assert dead.counts == {"door": 2, "Tür": 1, "": 4}


def test_names_without_end_evict_one_another_and_no_camera_and_none_is_lost_count_of() -> None:
    dead = DeadSources(places=8)
    dead.add(b"door")
    dead.add(b"door")
    for number in range(100):
        dead.add(f"stranger {number}".encode())
    assert dead.counts["door"] == 2
    assert len(dead.counts) == 9
    assert sum(dead.counts.values()) == 102
