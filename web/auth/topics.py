"""Which topics a role may see."""

from __future__ import annotations

from streams.chain.types import Chain
from web.auth.credentials import OPERATOR


def seen_by(chain: Chain, role: str) -> tuple[str, ...]:
    """The topics of frames that a role may see: operators all of them, others those that are redacted."""
    return tuple(topic for topic in chain.topic_names if role == OPERATOR or chain.redacted(topic))
