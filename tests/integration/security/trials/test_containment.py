"""A short form of `python -m benchmarks.containment`: each credential in hand is refused at its tool soon after a stop."""

from benchmarks.containment import KINDS, measure

STOPS = 20


def test_every_credential_is_refused_at_its_tool_after_a_stop(tmp_path, record_property):
    figures = measure(tmp_path, stops=STOPS, until_expiry=False)
    record_property("seconds from the stop to the refusal", figures["kinds"])
    for kind in KINDS:
        row = figures["kinds"][kind]
        assert row["number"] >= STOPS
        assert not row["never"], (kind, row)
        assert row["max"] < (121 if kind == "signed-token" else 10), (kind, row)
    assert not figures["confirmed"]["never"]
