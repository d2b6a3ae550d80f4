"""`python -m garden.sweep`: starts the sweeper."""

from garden.tools import SOIL, WEATHER
from workers.runtime.sweeper import launch

if __name__ == "__main__":
    launch([WEATHER, SOIL])
