"""How a system is asked: what a source's file may say under `fetch`."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.domain.source import Fetching
from gateway.translate.rules.problems import MappingError
from gateway.translate.rules.sources import Sources
from tests.translate.rules.desk import write

SOURCE = """name: A
sector: municipality
municipality: "0101"
organisation: {cvr: 64942212}
language: nexus
senders: [here]
"""
FETCH = """fetch:
  url: https://nexus.example/api/v2
  token: https://login.example/token
  client: fp
  secret: NEXUS_SECRET
"""


def read(folder: Path, text: str, source: str = SOURCE) -> Sources:
    return Sources.read(write(folder, {"sources/a.yaml": source + text}))


def test_a_system_that_is_asked(tmp_path: Path) -> None:
    found = read(tmp_path, FETCH).of("a").fetch
    assert found == Fetching("https://nexus.example/api/v2/", "https://login.example/token", "fp", "NEXUS_SECRET")
    assert read(tmp_path, "").of("a").fetch is None
    more = "  minutes: 5\n  scope: api\n  letters: [a]\n  place: Sundhed\n"
    found = read(tmp_path, FETCH + more).of("a").fetch
    assert found
    assert (found.minutes, found.scope, found.letters, found.place) == (5, "api", ("a",), "Sundhed")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("  client: fp\n", "", "a.yaml:7: fetch: client is missing"),
        ("https://nexus.example/api/v2", "http://nexus.example/", "a.yaml:8: http://nexus.example/ would ask"),
        ("https://nexus.example/api/v2", "ftp://nexus.example/", "is no https://"),
        ("https://nexus.example/api/v2", "https://nexus.example:port/", "is no URL"),
        ("https://nexus.example/api/v2", "https://u:p@nexus.example/", "must not hold a password"),
        ("https://nexus.example/api/v2", "https://nexus.example/?cpr=1", "has no ? and no #"),
        ("https://login.example/token", "http://login.example/token", "use https"),
        ("NEXUS_SECRET", "s3cret!", "a.yaml:11: secret is the name of an environment variable or the path of a file"),
        ("NEXUS_SECRET", "GATEWAY_SECRET", "names that begin with GATEWAY_ are settings"),
        ("  client: fp\n", "  client: fp\n  minutes: 0\n", "minutes must be a whole number"),
        ("  client: fp\n", "  client: fp\n  minutes: hourly\n", "minutes must be a whole number"),
        ("  client: fp\n", "  client: fp\n  minute: 5\n", "did you mean minutes?"),
        ("  client: fp\n", "  client: fp\n  letters: [regionh]\n", "unknown source in letters: regionh"),
        ("  client: fp\n", "  client: fp\n  letters: [{}]\n", "letters must be a list of sources"),
        ("  client: fp\n", "  client: [fp]\n", "client must be a text"),
    ],
)
def test_what_is_wrong_is_told(tmp_path: Path, old: str, new: str, told: str) -> None:
    assert old in FETCH
    with pytest.raises(MappingError) as caught:
        read(tmp_path, FETCH.replace(old, new))
    assert told in caught.value.told()


def test_who_sends_is_not_asked_and_momentum_wants_a_key(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="fetch is for nexus and momentum; who speaks oio sends by itself"):
        read(tmp_path, FETCH, SOURCE.replace("language: nexus", "language: oio"))
    with pytest.raises(MappingError, match="KMD Momentum wants an API key"):
        read(tmp_path, FETCH, SOURCE.replace("language: nexus", "language: momentum"))
    with pytest.raises(MappingError, match="fetch needs url, token, client, secret"):
        read(tmp_path, "fetch: yes\n")
