"""What `celery -A workers.main` loads in an agent worker."""

from workers.celery_app import app_from_environment

celery = app_from_environment()
