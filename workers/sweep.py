"""`python -m workers.sweep`: starts the sweeper."""

from workers.runtime.sweeper import launch
from workers.triage import DOMAIN

if __name__ == "__main__":
    launch(tool.record for tool in DOMAIN.tools.values())
