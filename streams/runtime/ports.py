"""Ports on this host: which one is free, and which of imagebus's own processes listens on one."""

from __future__ import annotations

import asyncio
import socket

import aiohttp

# What every process of imagebus that serves http says of itself on /health, and no other program does.
PROCESS_HEADER = "Imagebus-Process"
_ASK_S = 3.0


def free_port(host: str) -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        port: int = probe.getsockname()[1]
        return port


def process_at(port: int) -> str:
    """Which process of imagebus answers on this port of loopback: viewer, camera or worker; empty where none does."""
    return asyncio.run(_process_at(port))


async def _process_at(port: int) -> str:
    # Nothing secret is sent and nothing read but a word: whose certificate it is does not matter.
    said = await asyncio.gather(*(_said(f"{scheme}://127.0.0.1:{port}/health") for scheme in ("http", "https")))
    return "".join(said)


async def _said(url: str) -> str:
    timeout = aiohttp.ClientTimeout(total=_ASK_S)
    try:
        async with (
            aiohttp.ClientSession(timeout=timeout) as client,
            client.get(url, ssl=False, allow_redirects=False) as answer,
        ):
            return answer.headers.get(PROCESS_HEADER, "")
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
        return ""
