"""However many refusals come from however many addresses, few are recorded one by one, and all are counted."""

from hypothesis import given
from hypothesis import strategies as st

from app.web.recording.refusal_limit import ADDRESSES, EACH, TOTAL, WINDOW, RefusalLimit


def addresses(number):
    return [f"10.{each >> 16}.{each >> 8 & 255}.{each & 255}" for each in range(number)]


def test_the_first_refusals_of_an_address_are_recorded_and_the_others_counted_once():
    limit = RefusalLimit()
    assert [limit.admits("192.0.2.1", 0) for _ in range(EACH + 5)] == [True] * EACH + [False] * 5
    assert limit.admits("192.0.2.2", 1)
    assert limit.due(WINDOW - 1) == []
    assert [(each.address, each.times) for each in limit.due(WINDOW)] == [("192.0.2.1", 5)]
    assert limit.due(WINDOW) == limit.rest() == []
    assert limit.admits("192.0.2.1", WINDOW)


def test_many_addresses_share_the_limit_of_all():
    limit = RefusalLimit()
    admitted = sum(limit.admits(each, 0) for each in addresses(5_000))
    counted = limit.rest()
    assert admitted == TOTAL
    assert len(counted) <= ADDRESSES + 1
    assert sum(each.times for each in counted) == 5_000 - TOTAL
    assert counted[-1].address is None


def test_the_network_of_an_ipv6_subscriber_is_one_address():
    limit = RefusalLimit()
    found = [limit.admits(f"2001:db8:1:2::{each:x}", 0) for each in range(EACH + 1)]
    assert found == [True] * EACH + [False]
    assert limit.admits("2001:db8:1:3::1", 0)
    assert limit.rest()[0].address == "2001:db8:1:2::/64"


def test_an_ipv4_address_is_the_same_in_the_form_of_ipv6():
    limit = RefusalLimit()
    found = [limit.admits(form, 0) for _ in range(EACH) for form in ("192.0.2.1", "::ffff:192.0.2.1")]
    assert sum(found) == EACH


refusals = st.lists(
    st.tuples(
        st.sampled_from(["192.0.2.1", "192.0.2.2", "2001:db8::1", "", None, "no address", *addresses(200)]),
        st.integers(0, 40),
        st.booleans(),
    ),
    max_size=400,
)


@given(refusals)
def test_every_refusal_is_recorded_or_counted(given_):
    limit, now, admitted, due = RefusalLimit(), 0, 0, []
    for address, passed, room in given_:
        now += passed
        if room:
            admitted += limit.admits(address, now)
        else:
            limit.count(address, now)
        due += limit.due(now)
    assert admitted + sum(each.times for each in due + limit.rest()) == len(given_)
