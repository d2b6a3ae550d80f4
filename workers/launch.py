"""`python -m workers.launch`: starts an agent worker."""

from workers.runtime.worker import launch
from workers.triage import DOMAIN

if __name__ == "__main__":
    launch("workers.main", DOMAIN)
