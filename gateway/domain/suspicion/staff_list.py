"""An employer's list of who works where and when."""

from __future__ import annotations

import csv
import io
from datetime import time

from gateway.domain.identifier import CPR, normal
from gateway.domain.suspicion.known import Key, Person, address_of
from gateway.domain.suspicion.look import Employee, Shift
from gateway.errors import BadRequest

COLUMNS = (
    "user_system", "user_value", "name", "cpr", "unit", "address", "postal_code", "days", "begins", "ends",
)  # fmt: skip
_DAYS = {"mo": 0, "tu": 1, "we": 2, "th": 3, "fr": 4, "sa": 5, "su": 6}


def staff_of(text: str, person: Person, key: Key) -> list[Employee]:
    """The people of a CSV file, each with all shifts. Raises BadRequest with the line, never with what stands there."""
    rows = csv.DictReader(io.StringIO(text), strict=True)
    if tuple(rows.fieldnames or ()) != COLUMNS:
        raise BadRequest("The header is another", where="line 1", hint=f"It must be {','.join(COLUMNS)}.")
    found: dict[str, Employee] = {}
    for number, row in _each(rows):
        made = _line(row, number, person, key)
        before = found.get(made.user)
        shifts = (*before.shifts, *made.shifts) if before else made.shifts
        found[made.user] = Employee(made.user, made.name, made.unit, made.person, made.addresses, shifts)
    return list(found.values())


def _each(rows: csv.DictReader[str]) -> list[tuple[int, dict[str, str]]]:
    """Each row with the number of its line, its last one where it has several."""
    try:
        return [(rows.line_num, row) for row in rows]
    except csv.Error:
        raise BadRequest("This is no CSV", where=f"line {rows.reader.line_num}") from None


def _line(row: dict[str, str], number: int, person: Person, key: Key) -> Employee:
    told = {name: (row.get(name) or "").strip() for name in COLUMNS}
    if not (told["user_system"] and told["user_value"] and told["name"]):
        raise BadRequest("user_system, user_value and name must be there", where=f"line {number}")
    home = address_of(told["address"], told["postal_code"])
    return Employee(
        person(normal(told["user_system"], told["user_value"]).key),
        told["name"],
        told["unit"],
        person(normal(CPR, told["cpr"]).key) if told["cpr"] else "",
        frozenset({key(home)} if home else ()),
        _shift(told, number),
    )


def _shift(told: dict[str, str], number: int) -> tuple[Shift, ...]:
    if not (told["days"] or told["begins"] or told["ends"]):
        return ()
    days = told["days"].lower().split()
    try:
        begins, ends = time.fromisoformat(told["begins"]), time.fromisoformat(told["ends"])
        return (Shift(frozenset(_DAYS[day] for day in days), begins, ends),)
    except (ValueError, KeyError):
        hint = "days are mo tu we th fr sa su, times 07:00."
        raise BadRequest("This is no shift", where=f"line {number}", hint=hint) from None
