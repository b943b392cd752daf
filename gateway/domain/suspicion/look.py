"""What the detection knows of looks, of those who look and of those who are looked at. No content, no numbers: people
stand by Patient id and by the pseudonym of the access log, addresses by a keyed hash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time


@dataclass(frozen=True, slots=True)
class Look:
    """One look of one person at one citizen, from the access log."""

    id: int  # of its record
    at: datetime  # UTC
    user: str  # identifier key
    user_name: str
    organisation: str  # identifier key
    role: str
    citizen: str  # Patient id
    shown: bool = True  # something was shown; a refused look is a look all the same
    world: str = ""  # the role of the system that was used: its legal world; "" where it is not known any more
    sensitive: bool = False  # what was shown is of a class that is sensitive by itself (mappings/suspicion/classes.csv)


@dataclass(frozen=True, slots=True)
class Tie:
    """What speaks for somebody at an organisation looking at a citizen for a time: a stay, a case, a place in the care
    team, a consent that names them. `member` is a person where the tie is a person's own, else "" for all at
    `organisation`; `role` is the legal world of it that the tie is for: a jobcentre is not tied to whom the home nurses
    of the same municipality visit."""

    organisation: str
    member: str
    begins: datetime
    ends: datetime
    role: str = ""


@dataclass(frozen=True, slots=True)
class Citizen:
    """Who is looked at. `person` is the pseudonym of the citizen's own number, `relatives` those of next of kin; names
    are casefolded."""

    id: str
    person: str = ""
    family: str = ""
    name: str = ""
    addresses: frozenset[str] = frozenset()
    relatives: frozenset[str] = frozenset()
    relatives_names: frozenset[str] = frozenset()
    ties: tuple[Tie, ...] = ()
    protected: bool = False  # the address is
    known: bool = False  # to everybody: mappings and operators name who is


@dataclass(frozen=True, slots=True)
class Shift:
    """When somebody works: weekdays (0 is Monday) and Danish clock times; one that ends before it begins ends on the
    next day."""

    days: frozenset[int]
    begins: time
    ends: time


@dataclass(frozen=True, slots=True)
class Employee:
    """Who may look, as the employer's list tells it (`gateway staff`). `person` is the pseudonym of the number."""

    user: str
    name: str
    unit: str
    person: str = ""
    addresses: frozenset[str] = frozenset()
    shifts: tuple[Shift, ...] = ()
