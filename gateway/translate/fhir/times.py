"""FHIR dateTimes as moments: http://hl7.org/fhir/R4/datatypes.html#dateTime."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from gateway.errors import WrongType
from gateway.translate.fhir.message import Message

# Moments far outside a life overflow when their zone is changed; none of them is a hospital contact.
_FORM = re.compile(
    r"(?P<day>(?:19|20|21)\d\d-\d\d-\d\d)"
    r"(?:T(?P<time>\d\d:\d\d):(?P<second>\d\d)(?P<fraction>\.\d{1,20})?(?P<zone>Z|[+-]\d\d:\d\d))?",
    re.ASCII,
)
# What nearly all of them are, and Python reads as it is.
_PLAIN = re.compile(r"(?:19|20|21)\d\d-\d\d-\d\dT\d\d:\d\d:[0-5]\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d)", re.ASCII)


def moment(text: str, where: str, zone: tzinfo) -> datetime:
    """The moment in UTC; a date alone is the start of that day in `zone`. Raises WrongType with the place.

    A leap second (`:60`) is the second after it.
    """
    if _PLAIN.fullmatch(text):
        try:
            return datetime.fromisoformat(text).astimezone(UTC)
        except ValueError:
            raise WrongType("This is not a time of the calendar.", where=where) from None
    found = _FORM.fullmatch(text)
    if found is None:
        raise WrongType("This is not a dateTime with day, time and zone.", where=where)
    leap = found["second"] == "60"
    second = "59" if leap else found["second"]
    try:
        if found["time"] is None:
            return datetime.fromisoformat(found["day"]).replace(tzinfo=zone).astimezone(UTC)
        whole = f"{found['day']}T{found['time']}:{second}{found['fraction'] or ''}{found['zone']}"
        return (datetime.fromisoformat(whole) + timedelta(seconds=leap)).astimezone(UTC)
    except ValueError:
        raise WrongType("This is not a time of the calendar.", where=where) from None


def moment_in(message: Message, node: dict[str, Any], name: str, zone: tzinfo) -> datetime:
    """The moment in an element of an object of the Bundle, as `moment`; its place is looked up where it is told."""
    try:
        return moment(node[name], name, zone)
    except WrongType as fault:
        raise WrongType(fault.text, where=message.place(node, name)) from None
