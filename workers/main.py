"""What `celery -A workers.main` loads in an agent worker."""

from workers.runtime.worker import start
from workers.triage import DOMAIN

celery = start(DOMAIN)
