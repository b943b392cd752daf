"""mappings/outgoing.csv: which event is told to which destination, as which reader. It is opt-in: as the gateway comes
there is no such file (docs/municipal-delivery.md shows one), and nobody is told.

| column | holds |
|---|---|
| event | `discharge` (a stay that has ended) or `goal` (a hospital's goal) |
| destination | a source (mappings/sources) of language `sf2900` or `fasit`, with `deliver:` |
| form | `note` (for the journal of a case) or `document` (filed on it); FASIT takes documents alone |
| role, purpose | whom the destination reads as: a role of mappings/policy/access.csv and a v3-ActReason code |
| classes | Encounter classes with blanks between them (`IMP EMER`); empty: any |
| cases | beginnings of the KLE subjects of cases that are told (`27 29.24`); empty: any; `none`: see below |
| subject, facet | what routes it where the case itself has no KLE subject or action facet, or none is told |
| within | a stay that ended more days ago than this is not told any more |
| valid_from, valid_to | days, both included |

With `none` the citizen has a case in the municipality, and is told of without it: its reader may not see that case (the
municipality's nursing is another legal world than its social authority). Subject and facet must then be in the row.

The role must be one that a client is registered with for this destination, where there is such a client
(`sends`, `gateway register-client`): one municipality is several legal worlds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from gateway.domain.consent.ask import ACT_REASON, BREAK_GLASS, PURPOSES
from gateway.domain.policy import ROLES, Owners
from gateway.domain.source import Source
from gateway.domain.telling import KINDS, LANGUAGES, NO_CASE, Telling, Tellings
from gateway.translate.rules.lines import Line, lines
from gateway.translate.rules.problems import Problems

_COLUMNS = (
    *("event", "destination", "form", "role", "purpose", "classes", "cases", "subject", "facet", "within"),
    *("valid_from", "valid_to", "why"),
)
_EVENTS = tuple(KINDS.values())
# No override: it takes a person who decides and a reason (sundhedsloven § 43 (3)).
_PURPOSES = frozenset(key.removeprefix(f"{ACT_REASON}|") for key in PURPOSES - {BREAK_GLASS})
_READERS = tuple(role for role in ROLES if role not in ("citizen", "auditor", "operator", "hospital"))
_KLE = re.compile(r"\d\d(\.\d\d(\.\d\d)?)?")
_MOST_DAYS = 366


def read(file: Path, sources: Mapping[str, Source], owners: Owners, problems: Problems) -> Tellings:
    """The table; every fault is noted with its line. No file is an empty table."""
    if not file.exists():
        return Tellings()
    name = f"{file.parent.name}/{file.name}"
    found: list[Telling] = []
    for line in lines(file, name, _COLUMNS, problems):
        one = _telling(line, sources, owners)
        same = [other for other in found if (other.event, other.destination) == (one.event, one.destination)]
        if any(_overlap(one, other) for other in same):
            problems.add(line.mark, f"{one.event} to {one.destination} is told twice on the same days")
        found.append(one)
    return Tellings(found)


def _telling(line: Line, sources: Mapping[str, Source], owners: Owners) -> Telling:
    cells = line.cells
    valid_from, valid_to = line.days()
    event = line.one("event", _EVENTS)
    form = line.one("form", ("note", "document"))
    role = line.one("role", _READERS)
    _check_destination(line, sources, owners, form, role)
    for cell, pattern, told in (("subject", r"\d\d\.\d\d\.\d\d", "27.57.16"), ("facet", r"[A-ZÆØÅ]\d\d", "G01")):
        if cells[cell] and not re.fullmatch(pattern, cells[cell]):
            line.problems.add(line.mark, f"{cell} must be written {told}")
    cases = tuple(cells["cases"].split())
    caseless = cases == (NO_CASE,)
    if caseless:
        cases = ()
        if not cells["subject"] or not cells["facet"]:
            line.problems.add(line.mark, "what is told without a case is routed by subject and facet: both are needed")
    if any(not _KLE.fullmatch(one) for one in cases):
        line.problems.add(line.mark, "cases must be beginnings of KLE subjects: 27, 27.57 or 27.57.16")
    days = int(cells["within"]) if re.fullmatch(r"\d{1,3}", cells["within"]) else 0
    if not 1 <= days <= _MOST_DAYS:
        line.problems.add(line.mark, f"within must be a number of days from 1 to {_MOST_DAYS}")
    return Telling(
        event="goal" if event == "goal" else "discharge",
        destination=cells["destination"],
        form="document" if form == "document" else "note",
        role=role,
        purpose=line.one("purpose", _PURPOSES),
        classes=tuple(cells["classes"].split()),
        cases=cases,
        caseless=caseless,
        subject=cells["subject"],
        facet=cells["facet"],
        within=timedelta(days=days),
        valid_from=valid_from,
        valid_to=valid_to,
        rule=f"{line.mark.file}:{line.mark.line}",
    )


def _check_destination(line: Line, sources: Mapping[str, Source], owners: Owners, form: str, role: str) -> None:
    known = [name for name, one in sources.items() if one.language in LANGUAGES]
    name = line.one("destination", known)
    if name not in known:
        return
    source = sources[name]
    if source.deliver is None:
        line.problems.add(line.mark, f"deliver is missing in mappings/sources/{name}.yaml")
    if source.language == "fasit" and form != "document":
        line.problems.add(line.mark, "FASIT takes documents alone")
    registered = sorted({reader for _, reader in owners.get(name, ())})
    if registered and role not in registered:
        line.problems.add(line.mark, f"clients that send as {name} are registered as {', '.join(registered)}")


def _overlap(one: Telling, other: Telling) -> bool:
    return max(one.valid_from, other.valid_from) <= min(one.valid_to or "9", other.valid_to or "9")
