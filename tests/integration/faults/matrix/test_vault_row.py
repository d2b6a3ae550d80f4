"""Whatever stands where the vault should be: runs wait with the reason, and nobody is blamed."""

TABLE = "Vault"


def test_runs_wait_and_go_on(disturbed, unharmed, cell, until):
    amid = unharmed(4)
    until(lambda: disturbed.begun(amid), what="work to be disturbed")
    disturbed.proxied.http("vault").inflict(cell.inflicted)
    *_, waiting = unharmed(2)
    ((reason,),) = cell.words
    until(lambda: reason in disturbed.page(f"/runs/{waiting}"), what=reason)
    assert reason in disturbed.report("dispatcher")
