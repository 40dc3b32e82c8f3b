"""From an RTSP camera through the chain to whoever watches the recorder, while the chain and the broker go and come."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from bench.publish import Line
from tests import kafka_node as real_kafka


def test_a_stream_outlives_chain_and_broker_and_never_shows_what_the_chain_hides(tmp_path: Path) -> None:
    real_kafka.require()
    with ExitStack() as stack:
        line = Line(stack, tmp_path, (400, 304), fps=5)
        line.chain.terminate()
        line.wait_for("grey", lambda sight: sight.age_ms is None)
        line.broker.kill()
        line.broker.start()
        line.start_chain()
        line.wait_for("the camera again", lambda sight: sight.age_ms is not None)
        with line.camera as camera:
            assert camera.wait_for_more(1)[0].marked, "Expected to see the marker in the camera's own pictures"
        assert not any(sight.marked for sight in line.stream.seen)
        assert line.publish.text.count("cam: streams to") == line.stream.joined == 1, "Expected one stream all along"
        assert line.publish.terminate() == 0
