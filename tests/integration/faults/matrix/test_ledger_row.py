"""Whatever the ledger does: its check is not performed, the other four stand, and its users are ended afterwards."""

from collections import Counter

TABLE = "Ledger"


def test_only_the_ledger_is_not_checked(disturbed, unharmed, cell, until):
    disturbed.proxied.proxies["ledger"].inflict(cell.inflicted)
    (run_id,) = unharmed(1)
    until(lambda: disturbed.states([run_id])["completed"], seconds=20, what="the end of the run")
    rows = disturbed.rows("SELECT subject, because FROM flag WHERE run_id = %s AND rule = 'S01'", run_id)
    ((subject, because),) = [(row["subject"], row["because"]) for row in rows]
    (expected,), reported = cell.words
    assert subject == "ledger"
    assert expected in because
    assert expected in disturbed.page(f"/runs/{run_id}")
    until(lambda: all(word in disturbed.report("sweeper") for word in reported), what=f"{reported}")
    disturbed.proxied.heal()
    (after,) = unharmed(1)
    until(lambda: disturbed.states([after])["completed"], seconds=20, what="the end of the next run")
    assert not disturbed.rows("SELECT 1 FROM flag WHERE run_id = %s AND rule = 'S01'", after)
    until(lambda: "reported no problem" in disturbed.report("sweeper"), what="the sweeper's all-clear")
    assert disturbed.alarms() == Counter()
