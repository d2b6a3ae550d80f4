"""The hand-written scenarios, loaded once."""

import pytest

from known_answers.scenarios.loader import HAND_WRITTEN, load_cases


@pytest.fixture(scope="session")
def cases():
    return load_cases(HAND_WRITTEN)
