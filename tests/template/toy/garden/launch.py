from workers.runtime.launch import launch

from garden.watering import DOMAIN

if __name__ == "__main__":
    launch("garden.main", DOMAIN)
