from garden.watering import DOMAIN
from workers.runtime.worker import launch

if __name__ == "__main__":
    launch("garden.main", DOMAIN)
