"""What the database makes of the times that processes state: a difference for the page, and one alarm for each outage."""

import pytest

BEAT = "SELECT beat(NULL, %(host)s, %(pid)s, statement_timestamp() + %(ahead)s * interval '1 s', %(vault)s)"
ALARMS = "SELECT detail FROM alarm WHERE kind = 'clock differs' AND detail LIKE %s ORDER BY raised_at"


@pytest.fixture
def beat(installation):
    """A sign of life by a login: `beat("triage_worker", ahead=5)`, in seconds; None when the time is not stated."""

    def left(login, *, ahead, host="here", pid=1, vault=None):
        owner = login.removeprefix("triage_").replace("app", "web")
        password = installation.secret(owner, "database-password").read_text()
        with installation.database("triage", user=login, password=password) as database:
            database.execute(BEAT, {"host": host, "pid": pid, "ahead": ahead, "vault": vault})

    return left


@pytest.fixture
def alarms(installation):
    """The details of alarms about the clock of the vault or of a host, as this kind of process reported it."""

    def raised(clock, process=""):
        with installation.database("triage") as database:
            wanted = f"the clock of {clock} is % the database's (%{process}%)"
            return [detail for (detail,) in database.execute(ALARMS, [wanted])]

    return raised


@pytest.mark.parametrize(
    ("measured", "number"),
    [
        ([180, 180], 1),
        ([-6, -6], 1),
        ([4.5, 4.5, 4.5], 0),
        ([180], 0),  # stopped for three minutes between reading its clock and sending the time
        ([180, 0, 180, 0], 0),
        ([180, None, 180, None], 0),  # a network so slow that a stated time is late
        ([180] * 4, 1),
        ([180, None, 180, 180], 1),
        ([6, 6, 4.5, 6, 6], 1),  # at the limit it is one outage
        ([180, 180, 0, 180, 180], 2),
    ],
    ids=str,
)
def test_an_outage_raises_one_alarm(beat, alarms, measured, number):
    host = f"host of {measured}"
    for ahead in measured:
        beat("triage_worker", ahead=ahead, host=host)
    assert len(alarms(f"host {host}", "worker")) == number


def test_processes_of_one_host_raise_one_alarm_and_those_of_two_hosts_two(beat, alarms):
    for host in ("first", "second"):
        for pid in (1, 2, 1, 2):
            beat("triage_worker", ahead=180, host=host, pid=pid)
    assert len(alarms("host first", "worker")) == len(alarms("host second", "worker")) == 1
    beat("triage_app", ahead=-180, host="first")
    beat("triage_app", ahead=-180, host="first")
    (detail,) = alarms("host first", "web")
    assert "is 180 s behind the database's" in detail


def test_the_vault_is_compared_with_the_database_and_not_with_the_process(beat, alarms, installation):
    ahead = "SELECT round(ahead) FROM clock WHERE process = 'vault' AND reporter = 'sweeper'"
    beat("triage_sweeper", ahead=180, vault=-180)
    beat("triage_sweeper", ahead=180, vault=-180)
    with installation.database("triage") as database:
        assert database.execute(ahead).fetchone() == (0,)
    assert alarms("the vault") == []
    for login in ("triage_sweeper", "triage_dispatcher") * 3:
        beat(login, ahead=0, vault=-200)
    (detail,) = alarms("the vault")
    assert "is 200 s behind the database's" in detail


def test_a_login_cannot_fill_the_table(beat, installation):
    for pid in range(110):
        beat("triage_dispatcher", ahead=0, pid=pid)
    with installation.database("triage") as database:
        query = "SELECT count(*) FROM clock WHERE process = 'dispatcher'"
        assert database.execute(query).fetchone() == (100,)
