from garden.watering import DOMAIN
from workers.runtime.worker import start

celery = start(DOMAIN)
