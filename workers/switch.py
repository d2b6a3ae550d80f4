"""`python -m workers.switch`: starts the process that carries out switches."""

from workers.runtime.switching import launch
from workers.triage import DOMAIN

if __name__ == "__main__":
    launch(tool.record for tool in DOMAIN.tools.values())
