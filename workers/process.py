"""The composition root of an agent worker process. Made after the fork; nothing connects at import."""

import os
import socket
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import cache

from app import settings
from app.connections.database import connect
from app.connections.tls import trust_of
from app.credentials.attempts import AttemptRecords
from workers.runtime.agent import Agent
from workers.runtime.http_client import pool
from workers.runtime.tool_runner import ToolRunner
from workers.runtime.vault import Vault
from workers.tools import registry


@cache
def agent() -> Agent:
    """The agent of this process, built on first use."""
    configuration = settings.load()
    tools = registry()
    runs_at_once = int(os.environ.get("TRIAGE_RUNS_PER_PROCESS", "1"))
    threads = runs_at_once * len(tools)
    return Agent(
        vault=Vault(configuration.need("vault_addr"), trust_of(configuration), pool_size=threads),
        records=AttemptRecords(
            connect(configuration, pool_size=min(threads, 16)),
            lease=timedelta(seconds=configuration.attempt_lease),
            max_attempts=configuration.max_attempts,
        ),
        tools=tools,
        interview=ToolRunner(connections=pool(configuration, size=threads), settings=configuration),
        threads=ThreadPoolExecutor(threads, thread_name_prefix="tool"),
        worker=f"{socket.gethostname()}:{os.getpid()}",
    )
