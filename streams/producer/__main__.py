"""`python -m streams.producer`: the same as `imagebus produce`."""

from streams.cli import run
from streams.producer.command import produce

run(produce, "python -m streams.producer")
