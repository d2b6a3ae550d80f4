"""The dispatcher of the baseline: `python -m benchmarks.static_dispatcher`."""

from app import settings
from benchmarks.static_keys import StaticIdentity
from workers.runtime import logs
from workers.runtime.dispatcher import serve

if __name__ == "__main__":
    logs.configure()
    serve(settings.load(), StaticIdentity())
