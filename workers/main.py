"""What `celery -A workers.main` loads in an agent worker.

Wrong settings, and servers that cannot be worked with, end it with a line each and exit status 2.
"""

from app.starting import starting
from workers import celery_app, logs
from workers.consumer import look_around
from workers.launch import configured

logs.configure()
with starting():
    _configuration = configured()
    celery = celery_app.make(_configuration)
    look_around(_configuration, celery)
