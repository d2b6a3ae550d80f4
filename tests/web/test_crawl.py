"""Every link leads somewhere, and every page it leads to is sound."""

import re
from collections import Counter, deque
from urllib.parse import parse_qs, urldefrag, urlsplit

import pytest

pytestmark = pytest.mark.whole_system

#: Pages of one kind that are looked at; a day's work leaves hundreds.
OF_A_KIND = 4
#: Filters of a list that are looked at together, each with each.
FEW = 2
#: Links that lead to no page.
FILES = re.compile(r"\.(zip|pdf|csv|json)$|/events$|/download$")


def kind(address):
    parts = urlsplit(address)
    path = "/".join("<id>" if len(part) == 36 else part for part in parts.path.split("/"))
    asked = sorted(parse_qs(parts.query))
    path = re.sub(r"^/(actions|vendors)/[^/]+", r"/\1/<id>", path)
    # Every filter can be set beside every other: what several of them show together is one kind.
    return path, *(asked if len(asked) <= FEW else ["several"])


def test_every_link_answers_with_a_sound_page(client, read, triaged):
    waiting = deque(["/", "/flags", *(f"/runs/{run_id}" for run_id in triaged.values())])
    seen = set(waiting)
    looked_at = Counter(map(kind, waiting))
    while waiting:
        address = waiting.popleft()
        document = read(client, address)
        for link in (urldefrag(link).url for link in document.links):
            if (
                link
                and link not in seen
                and not FILES.search(urlsplit(link).path)
                and looked_at[kind(link)] < OF_A_KIND
            ):
                seen.add(link)
                looked_at[kind(link)] += 1
                waiting.append(link)
    pages = (
        "/",
        "/help",
        "/stack",
        "/flags/<id>",
        "/runs/<id>",
        "/actions",
        "/actions/<id>",
        "/vendors/<id>",
    )
    assert {("/runs", "state"), *((page,) for page in pages)} <= set(looked_at)


def test_pages_load_only_local_resources(client, read):
    for attributes in read(client, "/flags").all("link"):
        assert client.get(attributes["href"], buffered=True).status_code == 200
