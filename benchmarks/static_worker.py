"""The agent worker of the baseline: `celery -A benchmarks.static_worker worker`."""

from app.connections.settings import load
from app.credentials.settings import AgentSettings
from benchmarks.static_keys import static_agent
from workers.runtime import celery_app, logs
from workers.runtime.worker import serve

logs.configure()
celery = celery_app.make(load(AgentSettings))
serve(celery, static_agent)
