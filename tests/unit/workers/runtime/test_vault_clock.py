"""The vault's clock is measured by answers that came at once, and each measurement counts once."""

import pytest

from workers.runtime.vault import VaultUnavailableError
from workers.runtime.vault_clock import VaultClock


class SlowVault:
    """Answers after some seconds, with a clock that is three minutes ahead."""

    def __init__(self) -> None:
        self.seconds, self.takes, self.is_up = 0.0, 0.0, True

    def compare_clocks(self) -> float:
        self.seconds += self.takes
        if not self.is_up:
            raise VaultUnavailableError("away")
        return 180.0


@pytest.fixture
def vault():
    return SlowVault()


@pytest.fixture
def clock(vault):
    return VaultClock(vault, clock=lambda: vault.seconds)


def test_a_measurement_is_handed_over_once(clock):
    assert clock.take() is None
    clock.look()
    assert clock.take() == 180.0
    assert clock.take() is None


@pytest.mark.parametrize("wrong", [{"takes": 4.0}, {"is_up": False}])
def test_a_late_answer_and_none_say_nothing(vault, clock, wrong):
    for name, value in wrong.items():
        setattr(vault, name, value)
    clock.look()
    assert clock.take() is None
