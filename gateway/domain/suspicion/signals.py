"""What is unusual about one look. Each signal says why, in words that name no content."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from gateway.domain.suspicion.look import Citizen, Employee, Look, Shift
from gateway.domain.suspicion.relation import ended, is_related
from gateway.domain.suspicion.thresholds import Thresholds
from gateway.domain.when import DANISH

UNRELATED = "no-relation"


@dataclass(frozen=True, slots=True)
class Signal:
    """One unusual thing. `why` has numbers of days and hours, no names."""

    name: str
    why: str = ""


@dataclass(frozen=True, slots=True)
class Staff:
    """Everybody who may look, and how common each family name is among those who are looked at (a share)."""

    by_user: Mapping[str, Employee]
    by_person: Mapping[str, Employee]
    names: Mapping[str, float]


def signals(look: Look, citizen: Citizen, staff: Staff, thresholds: Thresholds) -> list[Signal]:
    """Everything unusual about a look. What makes it interesting counts only where nothing speaks for the look, or
    where the person who looks should not do so even with a relation: at oneself, at one's own family."""
    employee = staff.by_user.get(look.user)
    found = [*_own_circle(look, citizen, employee, staff, thresholds)]
    grace = thresholds["no-relation"]
    related = is_related(look, citizen, timedelta(hours=grace.hours), timedelta(hours=thresholds["after-end"].hours))
    if employee is not None and _outside(look.at, employee, thresholds["outside-shift"].least):
        found.append(Signal("outside-shift"))
    if related:
        return found
    found.append(Signal(UNRELATED))
    found += _interesting(look, citizen, staff)
    last = ended(look, citizen)
    if last is not None:
        days = (look.at - last).days
        found.append(Signal("after-end", f"{days}"))
    return found


def _own_circle(
    look: Look, citizen: Citizen, employee: Employee | None, staff: Staff, thresholds: Thresholds
) -> Iterator[Signal]:
    """Oneself, one's family, one's neighbours under the same roof."""
    person = employee.person if employee else ""
    name = look.user_name.casefold()
    if (citizen.person and citizen.person in (look.user, person)) or (name and name == citizen.name):
        yield Signal("self")
        return
    if {look.user, person} & citizen.relatives or (name and name in citizen.relatives_names):
        yield Signal("relative")
    if employee and employee.addresses & citizen.addresses:
        yield Signal("same-address")
    family = name.rpartition(" ")[2]
    if family and family == citizen.family and staff.names.get(family, 0.0) <= thresholds["family-name"].least:
        yield Signal("family-name")


def _interesting(look: Look, citizen: Citizen, staff: Staff) -> Iterator[Signal]:
    """What makes a stranger curious."""
    colleague = staff.by_person.get(citizen.person) if citizen.person else None
    if colleague is not None and colleague.user != look.user:
        yield Signal("employee")
        own = staff.by_user.get(look.user)
        if own is not None and own.unit == colleague.unit:
            yield Signal("colleague")
    if citizen.known:
        yield Signal("well-known")
    if citizen.protected:
        yield Signal("protected")
    if look.sensitive:
        yield Signal("sensitive")
    if not look.shown:
        yield Signal("refused")


def _outside(at: datetime, employee: Employee, margin: float) -> bool:
    """Whether somebody whose hours are known looked more than `margin` hours outside of them."""
    if not employee.shifts:
        return False
    slack = timedelta(hours=margin)
    local = at.astimezone(DANISH)
    return not any(_covers(shift, local, slack) for shift in employee.shifts)


def _covers(shift: Shift, local: datetime, slack: timedelta) -> bool:
    for back in (0, 1):  # a night shift began yesterday
        day = local.date() - timedelta(days=back)
        if day.weekday() not in shift.days:
            continue
        begins = datetime.combine(day, shift.begins, DANISH)
        ends = datetime.combine(day + timedelta(days=shift.ends <= shift.begins), shift.ends, DANISH)
        if begins - slack <= local <= ends + slack:
            return True
    return False
