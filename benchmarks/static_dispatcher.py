"""The dispatcher of the baseline: `python -m benchmarks.static_dispatcher`."""

from app.connections.settings import load
from app.credentials.settings import AgentSettings
from benchmarks.static_keys import StaticIdentity
from workers.runtime import logs
from workers.runtime.dispatcher import serve

if __name__ == "__main__":
    logs.configure()
    serve(load(AgentSettings), StaticIdentity())
