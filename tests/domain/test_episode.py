"""The EpisodeOfCare that all stays of one number make."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.domain.episode import anywhere, bare, episode_of_care, key_of
from gateway.domain.resource import Resource

NUMBER = {"system": "urn:oid:1.2.208.184.100.8", "value": "3f0b2c4e-5d6a-4b7c-8d9e-0a1b2c3d4e5f"}


def stay(status: str, start: str = "", end: str = "", *, by: str = "HGH", source: str = "rh") -> Resource:
    period = ({"start": start} if start else {}) | ({"end": end} if end else {})
    body: dict[str, Any] = {
        "status": status,
        "episodeOfCare": [{"type": "EpisodeOfCare", "identifier": NUMBER}],
        "serviceProvider": {"display": by},
    }
    body |= {"period": period} if period else {}
    return Resource("Encounter", by, body, source, "region", status == "entered-in-error")


@pytest.mark.parametrize(
    ("told", "status"),
    [
        (["in-progress"], "active"),
        (["onleave"], "active"),
        (["planned"], "planned"),
        (["finished"], "finished"),
        (["finished", "in-progress"], "active"),
        (["finished", "planned"], "active"),
        (["finished", "cancelled"], "finished"),
        (["cancelled"], "cancelled"),
        (["entered-in-error", "finished"], "finished"),
        (["entered-in-error"], "entered-in-error"),
        (["unknown"], "active"),
    ],
)
def test_an_episode_goes_on_while_one_of_its_stays_does(told: list[str], status: str) -> None:
    made = episode_of_care("e", [stay(one) for one in told])
    assert made.body["status"] == status
    assert made.withdrawn == (status == "entered-in-error")


def test_it_lasts_from_the_first_start_to_the_last_end() -> None:
    """Times are compared as moments: one sender writes UTC, the other Danish time."""
    first = stay("finished", "2025-03-01T08:30:00+01:00", "2025-03-02T10:00:00+01:00")
    then = stay("finished", "2025-03-01T08:00:00Z", "2025-03-04T10:00:00Z", by="BBH", source="rs")
    made = episode_of_care("e", [first, then])
    assert made.body["period"] == {"start": "2025-03-01T08:30:00+01:00", "end": "2025-03-04T10:00:00Z"}
    assert made.body["identifier"] == [NUMBER]
    assert made.body["managingOrganization"] == {"display": "HGH"}
    assert made.sources == ("rh", "rs")
    open_still = episode_of_care("e", [first, stay("in-progress", "2025-03-03T08:00:00Z")])
    assert "end" not in open_still.body["period"]


def test_it_is_labelled_no_less_than_its_stays() -> None:
    made = episode_of_care("e", [stay("finished"), stay("finished", by="Psykiatrisk Center")])
    assert [part["serviceProvider"]["display"] for part in made.made_of] == ["HGH", "Psykiatrisk Center"]


def test_a_number_of_32_characters_names_an_episode_anywhere() -> None:
    assert key_of("urn:a", NUMBER["value"]) == key_of("urn:b", bare(NUMBER["value"])) == anywhere(NUMBER["value"])
    assert key_of("urn:a", "17") != key_of("urn:b", "17")
    assert anywhere("17") == ""
