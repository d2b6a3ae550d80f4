"""Whether a process of the stack answers over HTTP."""

import httpx

from infra.local.ports import LOOPBACK, listens
from infra.local.process import Child


def answers(child: Child, port: int) -> bool:
    """Whether our own process gives any HTTP answer: a tool answers 401 without a credential."""
    if not listens(child.pid, port):
        return False
    try:
        httpx.get(f"http://{LOOPBACK}:{port}/", timeout=5, trust_env=False)
    except httpx.HTTPError:
        return False
    return True
