"""A database that hangs holds up neither the main loop of a worker nor the messages it must drop."""

import signal
from contextlib import closing

import pytest

from benchmarks.fault_proxy import TcpFaults
from tests.integration.faults.test_strange_messages import STRANGE
from workers.runtime import celery_app


@pytest.fixture
def database(fragile):
    with TcpFaults(fragile.stack.services.database.port) as proxy:
        yield proxy


@pytest.mark.parametrize("pool", ["threads", "prefork"])
def test_the_main_loop_goes_on_and_the_alarm_comes_later(pool, fragile, database, start, *, until, tmp_path):
    health = tmp_path / "health"
    usual = fragile.stack.environment("worker")
    through = usual["DATABASE_URL"].replace(f":{database.target}/", f":{database.port}/")
    environment = {**usual, "DATABASE_URL": through, "HEALTH_FILE": str(health)}
    for worker in ("worker-1", "worker-2"):
        fragile.signal_all_of(worker, signal.SIGSTOP)
    begun = start("workers.launch", "--pool", pool, "--concurrency", "2", environment=environment)
    until(lambda: health.exists() and health.read_text() == "ok\n", what="the worker")

    database.inflict("hang")
    app = celery_app.make(fragile.system.settings("dispatcher"))
    with app.connection_for_write() as connection, closing(connection.channel()) as channel:
        channel.client.lpush(celery_app.QUEUE, STRANGE["unknown task"][0]("s.nothing"))
        until(lambda: channel.client.llen(celery_app.QUEUE) == 0, what="the end of the message")
    signs = {health.stat().st_mtime_ns}
    until(lambda: signs.add(health.stat().st_mtime_ns) or len(signs) > 4, what="four more signs of life")
    assert begun.process.poll() is None
    before = fragile.system.rows("SELECT count(*) AS n FROM alarm WHERE kind = 'unknown message'")

    database.heal()
    until(
        lambda: (
            fragile.system.rows("SELECT count(*) AS n FROM alarm WHERE kind = 'unknown message'") != before
        ),
        what="the alarm",
    )
    (run_id,) = fragile.system.request(fragile.plain[0])
    until(lambda: fragile.ended([run_id]), seconds=60, what="the end of the run")
    assert fragile.run(run_id)["state"] == "completed"
    assert begun.process.poll() is None
