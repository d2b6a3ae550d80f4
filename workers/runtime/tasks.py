"""The one task: an attempt of a run. Thin on purpose; what it does is in `workers.runtime.agent`."""

from typing import Any
from uuid import UUID

from celery import shared_task
from celery.signals import worker_init, worker_process_init

from workers.process import agent
from workers.runtime import names
from workers.runtime.hardening import harden
from workers.runtime.secret import Secret


@shared_task(name=names.TRIAGE)  # type: ignore[untyped-decorator]  # celery has no types
def triage(*, run_id: str, attempt: int, wrapping_token: str) -> None:
    """Carry out one attempt of one run."""
    agent().attempt(UUID(run_id), attempt, Secret(wrapping_token))


@worker_init.connect  # type: ignore[untyped-decorator]
@worker_process_init.connect  # type: ignore[untyped-decorator]
def _harden(**_: Any) -> None:
    harden()
