"""Synthetic citizens, as many as are wanted: each has a case of the municipality, an admission and a consent.

Their CPR numbers begin with day 99, which no person's does. The contents stand in fixtures/bench.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from gateway.domain.when import DANISH

_FOLDER = Path(__file__).parents[3] / "fixtures" / "bench"
_CASES = uuid.UUID("5f0c2a7e-58a1-5f0e-9f57-3d1f6d6a9b10")
# What makes an admission that of one citizen: number, local number, visit, message; each stands in the file.
_OWN = (b"0108589995", b"SP440917", b"V20260119-31", b"SP202601190042")


def cpr(number: int) -> str:
    """The CPR number of one of them."""
    return f"99{number:08d}"


def case(number: int) -> bytes:
    """The municipality's case (OIO Sag)."""
    made = _read("case.xml").decode().replace("{citizen}", cpr(number))
    return made.replace("{case}", str(uuid.uuid5(_CASES, str(number)))).replace("{number}", f"B-{number}").encode()


def admission(number: int) -> bytes:
    """The hospital's admission (HL7 v2 ADT A01). Number 0 is the one in the file."""
    made = _read("adt_a01.hl7")
    if number:
        mine = (cpr(number), f"SP9{number:08d}", f"V9{number:08d}", f"SP99{number:08d}")
        for theirs, own in zip(_OWN, mine, strict=True):
            made = made.replace(theirs, own.encode())
    return made


def consent(patient: str) -> bytes:
    """The citizen's consent: the hospital may see the municipality's plan, and the other way round. It is of today."""
    today = datetime.now(DANISH).date()
    made = _read("consent.json").decode().replace("{citizen}", patient)
    until = today + timedelta(days=364)
    return made.replace("{today}", today.isoformat()).replace("{until}", until.isoformat()).encode()


@cache
def _read(name: str) -> bytes:
    return (_FOLDER / name).read_bytes()
