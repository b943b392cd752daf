"""Whom a resource is about, among the resources of one file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from gateway.errors import MissingField

Json = dict[str, Any]


def patient_of(subject: Json, resources: Sequence[Json], where: str) -> Json:
    """The Patient that a reference names; the only one there is, where it names none. Raises MissingField."""
    wanted = str(subject.get("reference", "")).rpartition("/")[2].removeprefix("urn:uuid:")
    found = [one for one in resources if one.get("resourceType") == "Patient"]
    named = [one for one in found if one.get("id") == wanted] if wanted else found
    if len(named) != 1:
        raise MissingField("The file does not hold the one Patient that this is about.", where=where)
    return named[0]
