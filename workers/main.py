"""What `celery -A workers.main` loads in an agent worker.

Wrong settings, and servers that cannot be worked with, end it with a line each and exit status 2.
"""

from app.connections.starting import starting
from workers.launch import configured
from workers.runtime import celery_app, logs
from workers.runtime.consumer import look_around

logs.configure()
with starting():
    _configuration = configured()
    celery = celery_app.make(_configuration)
    look_around(_configuration, celery)
