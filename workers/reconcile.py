"""`python -m workers.reconcile`: starts the reconciler."""

from workers.runtime.reconciler import launch
from workers.triage import DOMAIN

if __name__ == "__main__":
    launch(tool.record for tool in DOMAIN.tools.values())
