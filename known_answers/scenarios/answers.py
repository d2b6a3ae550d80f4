"""What a service needs of the scenarios, indexed once so that a request reads no file."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from known_answers.scenarios.loader import Case
from known_answers.scenarios.scenario import FaultMode, Service
from known_answers.scenarios.shape import JsonObject

Rows = Mapping[str, list[JsonObject]]


def rows_by(cases: Iterable[Case], source: Service, key: Callable[[JsonObject], str | None]) -> Rows:
    """The rows of one source by `key`, in the order of the files; rows whose key is None under ""."""
    index: defaultdict[str, list[JsonObject]] = defaultdict(list)
    for case in cases:
        for row in case.rows(source):
            index[key(row) or ""].append(row)
    return dict(index)


def faults_by_key(cases: Iterable[Case], source: Service) -> dict[str, FaultMode]:
    """How the service misbehaves, by the PIID or UEI asked about."""
    return {
        key: case.scenario.faults[source]
        for case in cases
        if source in case.scenario.faults
        for key in case.scenario.keys
    }
