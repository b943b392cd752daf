"""Staff: who works where, and whom everybody knows, as employers and operators tell it; for the detection alone."""

from __future__ import annotations

from gateway.domain.identifier import CPR, normal
from gateway.domain.record import person_key
from gateway.domain.suspicion.staff_list import staff_of
from gateway.errors import BadRequest
from gateway.flows.looking import on_record
from gateway.flows.parts import Gateway
from gateway.flows.suspicion import by_itself, hashed
from gateway.store import suspicion


async def take_staff(gateway: Gateway, text: str) -> int:
    """Take an employer's list as it is now. How many people. Raises BadRequest with the line."""
    people = staff_of(text, lambda key: person_key(key, gateway.ids), lambda told: hashed(gateway, told))
    await on_record(gateway, by_itself(gateway, "take-staff"))
    return await suspicion.replace_staff(gateway.database, people)


async def take_well_known(gateway: Gateway, text: str) -> int:
    """Take the list of whom everybody has heard of: a CPR number a line. How many. Raises BadRequest with the line."""
    people = set()
    for number, line in enumerate(text.split("\n"), start=1):
        told = line.strip().replace("-", "")
        if told and not (told.isascii() and told.isdigit() and len(told) == 10):
            raise BadRequest("This is no CPR number", where=f"line {number}")
        if told:
            people.add(person_key(normal(CPR, told).key, gateway.ids))
    await on_record(gateway, by_itself(gateway, "take-well-known"))
    await suspicion.replace_well_known(gateway.database, people)
    return len(people)
