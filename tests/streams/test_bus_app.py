"""Faust as imagebus runs it: what is overridden by private names takes effect in the version that is pinned."""

from __future__ import annotations

from pathlib import Path

from streams.bus import Consumer, bus_app
from streams.settings import Settings
from tests.wait import wait_until_async


async def test_the_consumer_asks_brokers_for_short_waits_and_is_the_one_of_this_project(
    embedded: str, tmp_path: Path
) -> None:
    app = bus_app("group", Settings(kafka_url=embedded, data_dir=str(tmp_path)))

    @app.agent(app.topic("SOURCE_FRAME"))
    async def nothing(stream):  # type: ignore[no-untyped-def]
        async for _ in stream:
            pass

    await app.start()
    try:
        await wait_until_async(lambda: app.consumer._thread._consumer, 10, "a consumer under way")
        assert type(app.consumer) is Consumer
        assert app.consumer._thread._consumer._fetch_max_wait_ms == 50
    finally:
        await app.stop()
