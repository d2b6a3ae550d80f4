"""The agent worker of the baseline: `celery -A benchmarks.static_worker worker`."""

from uuid import UUID

from app import settings
from benchmarks.static_keys import static_agent
from workers.runtime import celery_app, logs, names
from workers.runtime.secret import Secret

logs.configure()
celery = celery_app.make(settings.load())
celery.conf.include = []


@celery.task(name=names.TRIAGE)
def triage(*, run_id: str, attempt: int, wrapping_token: str) -> None:
    """Carry out one attempt with static credentials."""
    static_agent().attempt(UUID(run_id), attempt, Secret(wrapping_token))
