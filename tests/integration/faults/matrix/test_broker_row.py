"""Whatever stands where the broker should be: runs wait in PostgreSQL with the reason."""

TABLE = "Broker"


def test_runs_wait_and_go_on(disturbed, unharmed, cell, until):
    amid = unharmed(4)
    until(lambda: disturbed.begun(amid), what="work to be disturbed")
    disturbed.proxied.proxies["broker"].inflict(cell.inflicted)
    *_, waiting = unharmed(2)
    ((reason,),) = cell.words
    until(lambda: reason in disturbed.report("dispatcher"), what=reason)
    late = unharmed(1)[0]
    until(lambda: reason in disturbed.page(f"/runs/{late}"), what=reason)
    assert not disturbed.rows("SELECT 1 FROM attempt WHERE run_id = %s", late)
    assert len(disturbed.rows("SELECT 1 FROM attempt WHERE run_id = %s", waiting)) <= 1
