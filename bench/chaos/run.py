"""One scenario's own chain, fed and watched, and what became of its records."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from msgspec.structs import replace

from bench.chaos.cluster import Cluster
from bench.chaos.feed import Feed
from bench.chaos.supervise import Supervised
from bench.chaos.watch import Watch
from streams.chain import types as chains
from streams.kafka import topics
from streams.settings import load
from tests.streams.chains import FUNCTIONS, environment
from tests.wait import wait_until

SOURCES = ("gate", "lift", "door", "hall")  # one on each of four partitions
RATE = 5.0  # frames/s of each source
_WARM_S, _RECOVER_S, _DRAIN_S = 60, 120, 120
_STEADY_FRAMES = 10
_FUNCTIONS = f"{FUNCTIONS},bench.chaos.functions"
_CHAIN = """
[stages.detect-{name}]
function = "{detector}"
input = "{topic}_IN"
output = "{topic}_FOUND"
options = {{ {options} }}

[stages.redact-{name}]
function = "redact"
input = "{topic}_FOUND"
output = "{topic}_OUT"
options = {{ motion = false, look_ahead_s = 0.0 }}

[topics.{topic}_IN]

[topics.{topic}_OUT]
redacted = true
"""


@dataclass(frozen=True)
class Outcome:
    """What became of a scenario's records; times in seconds."""

    records: int
    lost: int
    exposed: int
    dead: int
    dead_for_nothing: int  # dead letters of records that were good
    repeats: int
    out_of_order: int
    longest_delay_s: float
    recovery_s: float


@dataclass
class Run:
    """A chain of a detector stub and the redactor on the cluster, under a scenario's own names."""

    cluster: Cluster
    name: str
    folder: Path
    env: dict[str, str]
    feed: Feed
    watch: Watch
    stack: ExitStack
    workers: list[Supervised] = field(default_factory=list)
    recoveries: list[float] = field(default_factory=list)

    @property
    def topics(self) -> tuple[str, str, str]:
        """Input, detections, output."""
        return _topics(self.name)

    @property
    def flag(self) -> Path:
        """The file that the functions of bench/chaos/functions.py look for."""
        return self.folder / "flag"

    def worker(self, **more: str) -> Supervised:
        """One more worker of the whole chain, started again when it ends; `more` is environment."""
        worker = self.stack.enter_context(Supervised({**self.env, **more}))
        self.workers.append(worker)
        return worker

    def steady(self) -> None:
        """Until every source has come through for a while."""

        def comes() -> bool:
            return all(len(self.watch.output.order.get(source, ())) >= _STEADY_FRAMES for source in SOURCES)

        wait_until(comes, _WARM_S, f"{_STEADY_FRAMES} frames of each source")

    def recovered(self, since: float | None = None) -> float:
        """Wait until every source has something that was written after `since`, by default now; how long it took."""
        since = since or time.time()
        came = max(wait_until(lambda s=s: self._after(s, since), _RECOVER_S, f"{s} comes again") for s in SOURCES)
        self.recoveries.append(came - since)
        return came - since

    def drain(self) -> Outcome:
        """Stop writing, wait until no record is missing or none comes any more, and count."""
        self.feed.end()
        end = time.monotonic() + _DRAIN_S
        while self.feed.written.keys() - self.watch.seen and time.monotonic() < end:
            time.sleep(0.1)
        time.sleep(1.0)  # for repeats of the last ones
        return self._outcome()

    def _outcome(self) -> Outcome:
        feed, output, dead = self.feed, self.watch.output, self.watch.dead
        came = {**dead.first, **output.first}
        orders = output.order.values()
        return Outcome(
            records=len(feed.written),
            lost=len(feed.written.keys() - came.keys()),
            exposed=output.exposed,
            dead=len(dead.first),
            dead_for_nothing=len(dead.first.keys() - feed.poisoned - output.first.keys()),
            repeats=output.repeats,
            out_of_order=sum(later < before for seqs in orders for before, later in pairwise(seqs)),
            longest_delay_s=round(max((at - feed.written[found] for found, at in came.items()), default=0.0), 1),
            recovery_s=round(max(self.recoveries, default=0.0), 1),
        )

    def _after(self, source: str, since: float) -> float | None:
        """When the first record came that this source wrote after a time, None where none has yet."""
        numbers = [seq for (name, seq), at in self.feed.written.copy().items() if name == source and at >= since]
        came = [self.watch.output.first.get((source, seq)) for seq in numbers]
        return min((at for at in came if at is not None), default=None)


@contextmanager
def run(
    cluster: Cluster,
    name: str,
    detector: str = "detect_stub",
    flagged: bool = False,
    poison: Callable[[int], bytes | None] = lambda seq: None,
    proxied: bool = False,
    rate: float = RATE,
    **settings: object,
) -> Iterator[Run]:
    """A chain with its topics made, its sources writing and its output watched; all gone at the end."""
    source, found, output = _topics(name)
    dead = [chains.dead_letters_of(f"{stage}-{name}") for stage in ("detect", "redact")]
    with tempfile.TemporaryDirectory(prefix="imagebus-chaos-") as folder, ExitStack() as stack:
        options = f'flag = "{folder}/flag"' if flagged else ""
        text = _CHAIN.format(name=name, topic=_prefix(name), detector=detector, options=options)
        url = cluster.proxied_url if proxied else cluster.url
        env = environment(url, Path(folder), text, partitions=4, replication=3, **settings)
        env["IMAGEBUS_FUNCTIONS"] = _FUNCTIONS
        names = (source, found, output, *dead)
        _make(cluster, env, names)
        stack.callback(_delete, cluster, names)
        feed = stack.enter_context(Feed(cluster.url, source, SOURCES, rate, poison))
        watch = stack.enter_context(Watch(cluster.url, output, dead, feed.places, source))
        yield Run(cluster, name, Path(folder), env, feed, watch, stack)


def _prefix(name: str) -> str:
    return name.upper().replace("-", "_")


def _topics(name: str) -> tuple[str, str, str]:
    return f"{_prefix(name)}_IN", f"{_prefix(name)}_FOUND", f"{_prefix(name)}_OUT"


def _make(cluster: Cluster, env: dict[str, str], names: Sequence[str]) -> None:
    settings = replace(load(env), kafka_url=cluster.url)
    chain = chains.load(env["IMAGEBUS_CHAIN"])
    topics.make(topics.admin(settings), [topics.plan(settings, chain, name) for name in names])


def _delete(cluster: Cluster, names: Sequence[str]) -> None:
    client = AdminClient({"bootstrap.servers": cluster.url, "log_level": 0})
    for deleted in client.delete_topics(list(names), operation_timeout=10).values():
        with suppress(KafkaException, TimeoutError):  # after a scenario that failed the cluster may be anyhow
            deleted.result(timeout=15)
