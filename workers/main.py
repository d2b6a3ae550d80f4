"""What `celery -A workers.main` loads in an agent worker. Wrong settings end it with a line each and exit status 2."""

from app.starting import starting
from workers import celery_app, logs
from workers.launch import configured

logs.configure()
with starting():
    celery = celery_app.make(configured())
