"""Metrics in the text format of Prometheus, version 0.0.4."""

from collections.abc import Iterable, Iterator, Mapping

from flask import Response

from app.credentials.alarm_kinds import kind_of
from app.review.queries.metrics import Measured, measure
from app.web.api.operations import operation
from app.web.services import services

_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Sample = tuple[Mapping[str, str], float]


@operation("GET", "/metrics", answers={200: str})
def metrics() -> Response:
    """Numbers of alarms, deliveries and runs, and signs of life, in the text format of Prometheus."""
    with services().sessions() as db:
        measured = measure(db)
    return Response("".join(_lines(measured)), content_type=_CONTENT_TYPE)


def _lines(measured: Measured) -> Iterator[str]:
    yield from _metric(
        "triage_alarms",
        "Alarms by kind, severity and state.",
        (
            ({"kind": kind, "severity": kind_of(kind).severity.value, "state": state}, number)
            for kind, state, number in measured.alarms
        ),
    )
    yield from _metric(
        "triage_alarm_deliveries_waiting",
        "Alarms that are not sent yet, by channel.",
        (({"channel": channel}, number) for channel, number, _ in measured.deliveries),
    )
    yield from _metric(
        "triage_alarm_delivery_wait_seconds",
        "For how long the oldest of them has waited.",
        (({"channel": channel}, age) for channel, _, age in measured.deliveries),
    )
    yield from _metric(
        "triage_process_silence_seconds",
        "Time since the last sign of life, by kind of process.",
        (({"process": process}, age) for process, age, _ in measured.processes),
    )
    yield from _metric(
        "triage_process_problem",
        "1 if the process reports that something is in its way.",
        (({"process": process}, float(bad)) for process, _, bad in measured.processes),
    )
    yield from _metric(
        "triage_log_lag_seconds",
        "Time since the reconciler read a log to its end; none for a log that it never read.",
        (({"log": source}, age) for source, age, _ in measured.logs if age is not None),
    )
    yield from _metric(
        "triage_log_unreadable_lines",
        "Lines of a log that could not be read.",
        (({"log": source}, unreadable) for source, _, unreadable in measured.logs),
    )
    yield from _metric(
        "triage_runs", "Runs by state.", (({"state": state}, number) for state, number in measured.runs)
    )


def _metric(name: str, meaning: str, samples: Iterable[Sample]) -> Iterator[str]:
    yield f"# HELP {name} {meaning}\n# TYPE {name} gauge\n"
    for labels, value in sorted(samples, key=lambda sample: sorted(sample[0].items())):
        written = ",".join(f'{label}="{_escaped(text)}"' for label, text in labels.items())
        yield (
            f"{name}{{{written}}} {value:g}\n"
            if value != int(value)
            else f"{name}{{{written}}} {value:.0f}\n"
        )


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
