"""Episodes of care: their numbers, however they are written, one key; and the EpisodeOfCare that all
stays of one number make.

FHIR keeps the hyphens of a UUID, OIOXML, EDIFACT and some HL7 v2 senders do not; `urn:uuid:` may stand before it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from gateway.domain.resource import Resource
from gateway.domain.statement import Body
from gateway.domain.when import instant

EPISODE = "episode|"
"""How the keys of episodes begin. One episode may hold several visits, at several hospitals."""

_UUID = re.compile(r"[0-9a-z]{32}", re.ASCII)  # MedCom's examples have letters beyond f


def bare(number: str) -> str:
    """The number without what its spelling adds.

    >>> bare("urn:uuid:3F0B2C4E-5D6A-4B7C-8D9E-0A1B2C3D4E5F")
    '3f0b2c4e5d6a4b7c8d9e0a1b2c3d4e5f'
    """
    return number.strip().lower().removeprefix("urn:uuid:").replace("-", "")


def key_of(system: str, number: str) -> str:
    """The key of an episode's number. 32 characters name it anywhere (the second hospital of a transfer repeats the
    first one's, and letters of the old kind carry no system); a shorter number only within its system."""
    return anywhere(number) or f"{EPISODE}{system}|{bare(number)}"


def anywhere(number: str) -> str:
    """The key of a number that names an episode whoever gave it: 32 characters. Empty for any other."""
    text = bare(number)
    return f"{EPISODE}{text}" if _UUID.fullmatch(text) else ""


_GOES_ON = frozenset({"arrived", "triaged", "in-progress", "onleave", "unknown"})


def episode_of_care(identity: str, stays: Sequence[Resource]) -> Resource:
    """The EpisodeOfCare of one episode: all its stays, at whichever hospital, in one number. `stays` are its
    Encounters, in the order in which they began to be told."""
    standing = [one for one in stays if not one.withdrawn] or list(stays)
    body: Body = {"status": _status({one.body["status"] for one in standing})}
    numbers = {(n.get("system", ""), n.get("value", "")): n for one in stays for n in _numbers(one)}
    if numbers:
        body["identifier"] = [numbers[key] for key in sorted(numbers)]
    period = _period(standing, over=body["status"] in ("finished", "entered-in-error"))
    if period:
        body["period"] = period
    keepers = [one.body["serviceProvider"] for one in standing if "serviceProvider" in one.body]
    if keepers:
        body["managingOrganization"] = keepers[0]
    last = standing[-1]
    sources = tuple(sorted({name for one in stays for name in (one.sources or (one.source,))}))
    error = body["status"] == "entered-in-error"
    parts = tuple(one.body for one in stays)
    return Resource("EpisodeOfCare", identity, body, last.source, last.sector, error, (), sources, parts)


def _status(said: set[str]) -> str:
    """R4 EpisodeOfCare.status: while one stay goes on, or one is over and another to come, the episode goes on."""
    if said == {"entered-in-error"}:
        return "entered-in-error"
    said = said - {"cancelled"}
    if said & _GOES_ON or said == {"planned", "finished"}:
        return "active"
    return "cancelled" if not said else "planned" if said == {"planned"} else "finished"


def _numbers(stay: Resource) -> list[Body]:
    return [one["identifier"] for one in stay.body.get("episodeOfCare", []) if "identifier" in one]


def _period(stays: Sequence[Resource], *, over: bool) -> Body:
    """From the first start; until the last end, when all is over."""
    periods = [one.body.get("period", {}) for one in stays]
    starts = sorted((one["start"] for one in periods if "start" in one), key=instant)
    ends = sorted((one["end"] for one in periods if "end" in one), key=instant)
    return ({"start": starts[0]} if starts else {}) | ({"end": ends[-1]} if over and ends else {})
