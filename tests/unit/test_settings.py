"""A setting that is missing or wrong is named by its variable; a secret's value is never repeated."""

import pytest

from app.connections.secret_files import SettingsError
from app.procurement.systems import Source, system_of
from app.settings import Settings, load


def test_a_setting_that_is_needed_and_missing_is_named():
    with pytest.raises(SettingsError, match=r"^VAULT_ADDR is not set$"):
        Settings(vault_addr=None).need("vault_addr")


def test_a_file_that_is_needed_and_not_there_is_named(tmp_path):
    wanted = Settings(vault_identity_file=tmp_path / "nowhere.json")
    with pytest.raises(SettingsError, match=r"^VAULT_IDENTITY_FILE: .*nowhere\.json is not a file$"):
        wanted.file("vault_identity_file")


@pytest.mark.parametrize(
    ("variable", "value", "meaning"),
    [
        ("VAULT_ADDR", "127.0.0.1:8200", "must start with http"),
        ("VAULT_ADDR", "http://user:canary@vault.example", "must not carry"),
        ("VAULT_ADDR", "http://vault.example:8200", "must start with https://"),
        ("VAULT_ADDR", "https://vault.example:port", "VAULT_ADDR"),
        ("OIDC_ISSUER", "http://10.0.0.1", "must start with https://"),
        ("DATABASE_URL", "mysql://db.example/x", "must start with postgresql://"),
        ("DATABASE_URL", "postgresql://u@db.example/x?password=canary", "must not carry `password`"),
        ("DATABASE_URL", "postgresql://u@db.example/x?passfile=/canary", "must not carry `passfile`"),
        ("DATABASE_URL", "postgresql://u@db.example/x?hostaddr=10.0.0.1", "not 'hostaddr'"),
        ("DATABASE_URL", "postgresql://u@db.example/x?sslmode=prefer", "'prefer' is none of verify-full"),
        ("DATABASE_URL", "postgresql://u@db.example/x?sslmode=disable", "'disable' is for this machine"),
        ("DATABASE_URL", "postgresql://u@[::1]/x?sslmode=disable&sslmode=require", "a parameter twice"),
        ("LEDGER_URL", "postgresql://db.example/x?sslpassword=canary", "must not carry `sslpassword`"),
        ("REDIS_URL", "rediss://broker.example/0?ssl_cert_reqs=none", "must not carry anything after"),
        ("REDIS_URL", "redis://broker.example/0", "must start with rediss://"),
        ("REDIS_URL", "amqp://broker.example", "must start with redis://"),
        ("DATABASE_URL", "postgresql://user:canary@db.example/x", "must not carry a password"),
        ("REDIS_URL", "redis://:canary@broker.example/0", "must not carry a password"),
        ("LEDGER_URL", "postgresql://user:canary@db.example/x", "must not carry a password"),
        ("SAM_GOV_URL", "ftp://canary", "must start with http"),
        ("ATTEMPT_LEASE", "canary", "valid integer"),
        ("ATTEMPT_LEASE", "901", "less than or equal to 900"),
        ("WRAPPING_TTL", "1801", "less than or equal to 1800"),
        ("DISPATCH_WINDOW", "0", "greater than or equal to 1"),
        ("MAX_ATTEMPTS", "0", "greater than or equal to 1"),
        ("TOOL_TIMEOUT", "0", "greater than 0"),
        ("TOOL_TIMEOUT", "nan", "TOOL_TIMEOUT"),
        ("TOOL_TIMEOUT", "20", "20 s must be shorter than TOOL_DEADLINE, which is 20 s"),
        ("TOOL_DEADLINE", "70", "70 s must be shorter than RUN_DEADLINE, which is 60 s"),
        ("SAM_GOV_DEADLINE", "60", "60 s must be shorter than RUN_DEADLINE, which is 60 s"),
        ("DEBARMENT_DEADLINE", "0", "greater than 0"),
        ("RUN_DEADLINE", "76", "less than or equal to 75"),
        ("RUN_DEADLINE", "inf", "less than or equal to 75"),
        ("TOOL_TRIES", "6", "less than or equal to 5"),
        ("SECOND_PERSON", '["E01", "E1", "f03"]', "no rule is called 'E1', 'f03'"),
        ("ALARM_WEBHOOK_URL", "http://soc.example/alarms", "must start with https://"),
        ("ALARM_WEBHOOK_URL", "https://user:canary@soc.example", "must not carry"),
        ("ALARM_MAIL_SERVER", "mail.example:25", "must start with smtp:// or smtps://"),
        ("ALARM_MAIL_SERVER", "smtp://user:canary@mail.example", "must not carry a user or password"),
        ("ALARM_MAIL_SERVER", "smtps://mail.example/queue", "must be a host"),
        ("ALARM_MAIL_SERVER", "smtps://mail.example:port", "ALARM_MAIL_SERVER"),
        ("ALARM_MAIL_FROM", "triage@agency.example\nBcc: x@y.example", "is no e-mail address"),
        ("ALARM_MAIL_TO", "soc@agency.example, nobody", "'nobody' is no e-mail address"),
        (
            "ALARM_MAIL_TO",
            ",".join(f"a{n}@b.example" for n in range(11)),
            "names 11 addresses, 10 are allowed",
        ),
        ("REFERRAL_OFFICES", "[]", "must name at least one office"),
        ("REFERRAL_OFFICES", '["Legal Counsel", " Finance"]', "' Finance' must be a name on one line"),
        ("REFERRAL_OFFICES", '["Legal\\nCounsel"]', "must be a name on one line"),
        ("REFERRAL_OFFICES", '[""]', "'' must be a name on one line"),
        ("REFERRAL_OFFICES", f'["{"x" * 101}"]', "of 100 characters at most"),
        ("REFERRAL_OFFICES", '["Legal Counsel", "Legal Counsel"]', "'Legal Counsel' occurs twice"),
        ("REFERRAL_OFFICES", "Legal Counsel", "must be a JSON list"),
        ("REFERRAL_OFFICES", "[7]", "valid string"),
        ("REFERRAL_DAYS", "366", "less than or equal to 365"),
        ("BLOCKING_DAYS", "0", "greater than or equal to 1"),
        ("ADVISORY_DAYS", "soon", "valid integer"),
        ("DRAFT_DAYS", "31", "less than or equal to 30"),
        ("TOOL_ANSWER_LIMIT", "1", "greater than or equal to 1000"),
    ],
)
def test_a_wrong_variable_is_named_with_what_it_must_be(monkeypatch, variable, value, meaning):
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as caught:
        load()
    assert str(caught.value).startswith(f"{variable}: ")
    assert meaning in str(caught.value)
    assert "canary" not in str(caught.value)


def test_every_wrong_variable_is_named_at_once(monkeypatch):
    monkeypatch.setenv("TOOL_TRIES", "0")
    monkeypatch.setenv("MAX_ATTEMPTS", "canary")
    monkeypatch.setenv("SECOND_PERSON", "E01, canary")
    with pytest.raises(SettingsError) as caught:
        load()
    lines = dict(line.split(": ") for line in str(caught.value).splitlines())
    assert lines.keys() == {"TOOL_TRIES", "MAX_ATTEMPTS", "SECOND_PERSON"}
    assert lines["TOOL_TRIES"] == "Input should be greater than or equal to 1, not 0"
    assert lines["SECOND_PERSON"] == "must be a JSON list"
    assert "canary" not in str(caught.value)


def test_times_that_contradict_each_other_are_all_named(monkeypatch):
    times = {"ATTEMPT_LEASE": "20", "RUN_DEADLINE": "30", "TOOL_DEADLINE": "40", "TOOL_TIMEOUT": "50"}
    for variable, value in times.items():
        monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as caught:
        load()
    assert str(caught.value).splitlines() == [
        f"{variable}: {times[variable]} s must be shorter than ATTEMPT_LEASE, which is 20 s"
        for variable in ("RUN_DEADLINE", "TOOL_DEADLINE", "TOOL_TIMEOUT")
    ]


def test_a_slow_service_can_have_a_limit_of_its_own(monkeypatch):
    for variable, seconds in (
        ("RUN_DEADLINE", "75"),
        ("SAM_GOV_DEADLINE", "59"),
        ("DEBARMENT_DEADLINE", "12"),
    ):
        monkeypatch.setenv(variable, seconds)
    settings = load()
    slow, other, ledger = (system_of(each) for each in (Source.SAM_GOV, Source.DOCUMENTS, Source.LEDGER))
    assert (settings.deadline_of(slow), settings.timeout_of(slow)) == (59, 59)
    assert (settings.deadline_of(other), settings.timeout_of(other)) == (20, 5)
    assert (settings.deadline_of(ledger), settings.timeout_of(ledger)) == (20, 5)


@pytest.mark.parametrize(
    ("variables", "waited", "own"),
    [
        ({"SAM_GOV_DEADLINE": "59"}, "SAM_GOV_DEADLINE: 59", 20),
        ({"SAM_GOV_DEADLINE": "40", "DEBARMENT_DEADLINE": "25"}, "SAM_GOV_DEADLINE: 40", 25),
        ({"DEBARMENT_DEADLINE": "40"}, "SAM_GOV_DEADLINE: 20", 40),
        ({"DOCUMENTS_DEADLINE": "50"}, "DOCUMENTS_DEADLINE: 50", 20),
        ({"TOOL_DEADLINE": "31"}, "SAM_GOV_DEADLINE: 31", 31),
    ],
)
def test_two_rounds_that_together_exceed_the_run_are_refused(monkeypatch, variables, waited, own):
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError) as caught:
        load()
    assert str(caught.value) == (
        f"{waited} s and {own} s of DEBARMENT_DEADLINE, which waits for it, must together be shorter than RUN_DEADLINE,"
        " which is 60 s"
    )


def test_limits_that_nobody_set_fit_into_any_run(monkeypatch):
    monkeypatch.setenv("RUN_DEADLINE", "10")
    assert load().longest_run == 10


def test_a_run_is_shorter_than_a_short_lease(monkeypatch):
    assert load().longest_run == 60
    monkeypatch.setenv("ATTEMPT_LEASE", "10")
    assert load().longest_run == 9
