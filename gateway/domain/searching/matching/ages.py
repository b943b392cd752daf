"""`age` of a Patient: whole years today, from the date of birth. R4 leaves its expression empty."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from gateway.domain.searching.matching.here import Here
from gateway.domain.searching.matching.numbers import compared
from gateway.domain.when import DANISH, instant, last_instant
from gateway.errors import BadRequest

_MOMENT = timedelta(microseconds=1)


def age(name: str, value: str, here: Here) -> Callable[[Any], bool]:
    """`65`, `ge18`, `lt67`: of a date of birth that is told in part, any age that it may come to."""
    today = here.today
    if today is None:
        raise BadRequest("An age cannot be asked for here", where=name, hint="Ask birthdate.")
    test = compared(name, value)

    def fits(item: Any) -> bool:
        try:
            born = instant(item).astimezone(DANISH).date()
            latest = (last_instant(item) - _MOMENT).astimezone(DANISH).date()
        except (ValueError, TypeError, AttributeError):
            return False
        return test((Decimal(_years(latest, today)), Decimal(_years(born, today))))

    return fits


def _years(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
