"""Provisioning a broker sets its users right, whatever they were before."""

import pytest
import redis

from infra.provision import broker_server
from infra.provision.broker import provision_broker
from infra.reporting import ProvisionError


@pytest.fixture
def provisioned(servers, said):
    return said(provision_broker, servers.settings)


def users(servers) -> list[str]:
    with servers.broker() as connection:
        return connection.acl_list()


def test_a_second_time_changes_nothing_and_a_restart_keeps_the_users(servers, said):
    assert said(provision_broker, servers.settings) == ["user dispatcher: created", "user worker: created"]
    before, file = users(servers), servers.secrets.read("valkey", "users.acl")
    assert said(provision_broker, servers.settings) == []
    servers.process_table.restart("valkey")
    assert said(provision_broker, servers.settings) == []
    assert users(servers) == before
    assert servers.secrets.read("valkey", "users.acl") == file


def test_a_user_that_differs_is_set_right_and_connections_go_on(servers, provisioned, said):
    password = servers.secrets.read("worker", "broker-password")
    with redis.Redis(port=servers.broker_port, username="worker", password=password) as worker:
        worker.ping()
        with servers.broker() as connection:
            connection.execute_command("ACL", "SETUSER", "worker", "+config", "~*", ">another")
            connection.execute_command("ACL", "DELUSER", "dispatcher")
        assert said(provision_broker, servers.settings) == [
            "user dispatcher: created",
            "user worker: rights set",
        ]
        worker.ping()
        with pytest.raises(redis.exceptions.NoPermissionError):
            worker.config_get("*")
    with (
        redis.Redis(port=servers.broker_port, username="worker", password="another") as stranger,
        pytest.raises(redis.exceptions.AuthenticationError),
    ):
        stranger.ping()


def test_an_open_broker_is_closed(servers, provisioned, said):
    with servers.broker() as connection:
        connection.execute_command("ACL", "SETUSER", "default", "on", "nopass", "allkeys", "allcommands")
    everybody = servers.changed(redis_admin_url=f"redis://default@127.0.0.1:{servers.broker_port}")
    with pytest.raises(ProvisionError, match="anyone may administer this broker"):
        provision_broker(everybody, lambda _: None)
    assert said(provision_broker, servers.settings) == ["user default: switched off"]


def test_a_broker_that_is_too_old_is_refused(servers, monkeypatch):
    """The rights of our users name a subcommand of 7.2; there is no older server to be had here."""
    monkeypatch.setattr(broker_server, "_OLDEST", (99, 0))
    with pytest.raises(ProvisionError, match=r"REDIS_ADMIN_URL: the broker is version \d"):
        provision_broker(servers.settings, lambda _: None)


def test_why_the_broker_cannot_be_used_is_said_in_one_line(servers):
    here = f"127.0.0.1:{servers.broker_port}"
    for address, reason in (
        (f"redis://stranger@{here}", "the broker refused the password of stranger"),
        ("redis://administrator@127.0.0.1:1", "the broker at 127.0.0.1:1 did not answer within 0.2 s"),
    ):
        settings = servers.changed(redis_admin_url=address, provision_patience=0.2)
        with pytest.raises(ProvisionError) as refused:
            provision_broker(settings, lambda _: None)
        assert str(refused.value).startswith(f"REDIS_ADMIN_URL: {reason}")
        assert "\n" not in str(refused.value)
