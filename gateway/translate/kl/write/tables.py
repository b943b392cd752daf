"""The tables that a KL Bundle is written by: those that its reader has, read backwards, and KL's profiles."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gateway.domain.municipality import MUNICIPALITY
from gateway.domain.statement import Body
from gateway.translate.fhir.shape import children, is_resource
from gateway.translate.kl.urls import Urls, read
from gateway.translate.rules.codes import rows_of
from gateway.translate.rules.lines import lines
from gateway.translate.rules.problems import Problems

_COLUMNS = ("type", "told_by", "profile", "needs", "why")
_OWN = "https://faellesplan.dk/"


@dataclass(frozen=True, slots=True)
class Profile:
    """One line of mappings/kl/profiles.csv: resources of a type that hold `told_by` are what this profile describes,
    and meet it when they hold all of `needs`. Both are dotted paths of FHIR JSON that follow references: `path` is
    there, `path=code` is there with this value once, `path=1` is there that many times (one digit)."""

    kind: str
    told_by: str
    url: str
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tables:
    """`roles`: our codings (`system|code`) → KL's participant roles. `categories`: group of a KLE subject → KL's
    category of a plan; `municipality` (role, area) → KL's extension that means them."""

    urls: Urls
    roles: Mapping[str, Body]
    categories: Mapping[str, Body]
    municipality: Mapping[tuple[str, ...], str]
    profiles: tuple[Profile, ...]

    @classmethod
    def read(cls, mappings: Path) -> Tables:
        """The tables in the folder of rules. Raises MappingError with everything that is wrong in them."""
        problems = Problems()
        roles = rows_of(mappings / "codes" / "kl-participant-role.csv", problems)
        categories = rows_of(mappings / "codes" / "kl-plan-category.csv", problems)
        known = read(mappings / "kl" / "urls.csv", problems)
        made = cls(
            urls=known,
            municipality=_municipality(known),
            roles={
                f"{row.target_system}|{row.target_code}": {"system": row.source_system, "code": row.source_code}
                for row in roles
                if row.target_system.startswith(_OWN)
            },
            categories={row.source_code: row.coding for row in categories},
            profiles=_profiles(mappings / "kl" / "profiles.csv", problems),
        )
        problems.check()
        return made


def _municipality(known: Urls) -> Mapping[tuple[str, ...], str]:
    """Of `…/municipality#acting.social`: role and area behind the #, the newest URL of KL's first."""
    found: dict[tuple[str, ...], str] = {}
    for written, meant in known.extensions.exact.items():
        url, _, said = meant.partition("#")
        if url == MUNICIPALITY and said:
            role, _, area = said.partition(".")
            found.setdefault((role, area), written)
    return found


def _profiles(path: Path, problems: Problems) -> tuple[Profile, ...]:
    name = f"mappings/{path.parent.name}/{path.name}"
    made = []
    for line in lines(path, name, _COLUMNS, problems):
        kind, told_by, profile = (line.cells[column] for column in ("type", "told_by", "profile"))
        if not is_resource(kind) or not profile.startswith("http"):
            problems.add(line.mark, "type (of R4) and profile (a URL) must be there")
            continue
        needs = tuple(line.cells["needs"].split())
        for wanted in filter(None, (told_by, *needs)):
            first = wanted.partition("=")[0].partition(".")[0]
            if first not in children(kind):
                problems.unknown(line.mark, f"element of {kind}", first, children(kind))
        made.append(Profile(kind, told_by, profile, needs))
    return tuple(made)
