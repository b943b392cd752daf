"""`near` of a Location: within a distance of a point. R4 location.html#positional."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

from gateway.domain.searching.matching.texts import apart
from gateway.errors import BadRequest

_NUMBER = re.compile(r"-?\d{1,3}(?:\.\d{1,12})?", re.ASCII)
_DISTANCE = re.compile(r"\d{1,6}(?:\.\d{1,6})?", re.ASCII)
_METRES = {"km": 1000.0, "m": 1.0, "[mi_us]": 1609.347, "": 1000.0}
_RADIUS = 6_371_000.0  # metres: the mean of the earth's
_NEAR = "10"


def near(name: str, value: str) -> Callable[[Any], bool]:
    """`latitude|longitude|distance|unit` in degrees (WGS 84); 10 km where no distance is told, km where no unit is."""
    parts = [*apart(value, "|"), "", "", ""]
    latitude, longitude, distance, unit = parts[0], parts[1], parts[2] or _NEAR, parts[3]
    sound = len(parts) <= 7 and _NUMBER.fullmatch(latitude) and _NUMBER.fullmatch(longitude)
    if not (sound and _DISTANCE.fullmatch(distance) and unit in _METRES):
        raise BadRequest(
            "This is not a place with a distance",
            where=name,
            hint="For instance 55.68|12.57|5|km (or m, [mi_us]).",
        )
    here, most = (float(latitude), float(longitude)), float(distance) * _METRES[unit]
    if not (abs(here[0]) <= 90 and abs(here[1]) <= 180):
        raise BadRequest("This place is not on the earth", where=name)
    return lambda item: (place := _place(item)) is not None and _metres(here, place) <= most


def _place(item: Any) -> tuple[float, float] | None:
    try:
        return float(item["latitude"]), float(item["longitude"])
    except (KeyError, TypeError, ValueError):
        return None


def _metres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The way along the surface (haversine)."""
    (north, east), (to_north, to_east) = (map(math.radians, place) for place in (one, other))
    half = math.sin((to_north - north) / 2) ** 2
    half += math.cos(north) * math.cos(to_north) * math.sin((to_east - east) / 2) ** 2
    return 2 * _RADIUS * math.asin(math.sqrt(min(1.0, half)))
