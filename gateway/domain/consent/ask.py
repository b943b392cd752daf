"""Who asks, for what purpose, to do what: everything about an access except what it is about."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from gateway.domain.consent.units import NONE, Units

ACT_REASON = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
CONSENT_ACTION = "http://terminology.hl7.org/CodeSystem/consentaction"

TREAT = f"{ACT_REASON}|TREAT"
BREAK_GLASS = f"{ACT_REASON}|BTG"
TREATMENT = frozenset({TREAT, f"{ACT_REASON}|ETREAT"})
"""Purposes that sundhedsloven § 44 calls treatment; everything else is another purpose."""

ACTIONS = frozenset({"access", "collect", "correct", "disclose", "use"})
"""Consent.provision.action of R4 (http://terminology.hl7.org/CodeSystem/consentaction)."""

# PurposeOfUse of v3-ActReason (HL7 THO): what a request may name without a system.
_PURPOSES = """
HMARKT HOPERAT CAREMGT DONAT FRAUD GOV HACCRED HCOMPL HDECD HDIRECT HDM HLEGAL HOUTCOMS HPRGRP HQUALIMP HSYSADMIN
LABELING METAMGT MEMADMIN MILCDM PATADMIN PATSFTY PERFMSR RECORDMGT SYSDEV HTEST TRAIN HPAYMT CLMATTCH COVAUTH COVERAGE
ELIGDTRM ELIGVER ENROLLM MILDCRG REMITADV HRESCH BIORCH CLINTRCH CLINTRCHNPC CLINTRCHPC PRECLINTRCH DSRCH POARCH
TRANSRCH PATRQT FAMRQT PWATRNY SUPNWK PUBHLTH DISASTER THREAT TREAT CLINTRL COC ETREAT BTG ERTREAT POPHLTH
""".split()
PURPOSES = frozenset(f"{ACT_REASON}|{code}" for code in _PURPOSES)


def purpose_key(purpose: str) -> str:
    """`system|code`; without a system it is v3-ActReason (rule 2)."""
    system, bar, code = purpose.rpartition("|")
    return purpose if bar and system else f"{ACT_REASON}|{code}"


def is_known(purpose: str) -> bool:
    """A code of v3-ActReason's PurposeOfUse; other systems are known only to a consent that names their code."""
    return purpose in PURPOSES


@dataclass(slots=True, unsafe_hash=True)
class Ask:
    """One access. Nobody changes one; it is not frozen since that takes three times as long to make. Two that differ in
    time alone are equal: by them `prepared` knows who asks again.

    Keys are literal references (`Practitioner/7`) or identifiers (`system|value`).
    `organisations` are what the asker itself is; `member_of` are the units and organisations above it, and groups
    it belongs to. `care_teams` are those it is a member of now. `sector` is the asker's, region, municipality or
    other ("" when it has none). `units` is what is known of what is a part of what.
    """

    actors: frozenset[str]
    organisations: frozenset[str]
    purposes: tuple[str, ...]
    now: datetime = field(compare=False)
    action: str = "access"
    member_of: frozenset[str] = frozenset()
    care_teams: frozenset[str] = frozenset()
    on_behalf_of: frozenset[str] = frozenset()
    role: str = ""
    sector: str = ""
    units: Units = NONE


def as_organisation(keys: Iterable[str]) -> frozenset[str]:
    """The keys as those of organisations: a person who comes under the number of one is not meant."""
    return frozenset([f"Organization {key}" for key in keys])


_Keys = frozenset[str]


@lru_cache(maxsize=4096)  # the same people ask again and again
def _named(
    actors: _Keys, organisations: _Keys, member_of: _Keys, teams: _Keys, behalf: _Keys, units: Units
) -> tuple[_Keys, ...]:
    """By what keys an asker is meant: exactly, with sub-units, by a deny, and by a deny without sub-units."""
    groups = [key for key in member_of if key.startswith("Group/")]
    exact = actors.union(organisations, as_organisation(organisations), teams, groups)
    sure = units.sure.above(organisations | member_of)
    within = exact.union(sure, as_organisation(sure))
    far = units.closing.above(organisations.union(member_of, behalf, actors))
    return exact, within, within.union(far, as_organisation(far)), exact.union(behalf, as_organisation(behalf | actors))


@lru_cache(maxsize=1024)
def purposes_of(purposes: tuple[str, ...]) -> tuple[str, ...]:
    """Each purpose that is given, once, as `system|code`."""
    return tuple(dict.fromkeys(purpose_key(one) for one in purposes if one))


_ACTION_KEYS = {action: f"{CONSENT_ACTION}|{action}" for action in ACTIONS}


class Asked:
    """An Ask, one purpose after the other, in the form that provisions are compared with.

    `exact` is what a permit must name; where it covers sub-units too, it may name what stands in `within`: everything
    above the asker by registration and by our tables. A deny also hits what stands in `wide`: whoever it says that it
    acts for, and what the directory says that it is a part of; where it leaves sub-units out, what stands in `own`
    (rule 12).
    """

    __slots__ = ("action", "exact", "now", "own", "purpose", "role", "units", "wide", "within")

    def __init__(self, ask: Ask, purpose: str = "") -> None:
        self.exact, self.within, self.wide, self.own = _named(
            ask.actors, ask.organisations, ask.member_of, ask.care_teams, ask.on_behalf_of, ask.units
        )
        self.action = _ACTION_KEYS.get(ask.action, ask.action)
        self.purpose = purpose
        self.role = ask.role
        self.now = ask.now
        self.units = ask.units
