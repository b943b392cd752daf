"""Which resources become KL Bundles: those of KL's types, one Bundle for each citizen among them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from gateway.domain.benefit import is_benefit
from gateway.domain.plan import is_joint
from gateway.domain.statement import Body
from gateway.errors import BadRequest
from gateway.translate.fhir.settled import settled, with_files
from gateway.translate.kl.write.bundle import KINDS, subjects, write
from gateway.translate.kl.write.tables import Tables


def messages(resources: Sequence[Body], now: datetime, mappings: Path) -> list[bytes]:
    """One Bundle for each active citizen. Types that KL has no word for are left out.

    Raises BadRequest when nothing becomes one, and as `write` does.
    """
    tables = Tables.read(mappings)
    resources = with_files(settled(resources))
    citizens = [one for one in resources if one.get("resourceType") == "Patient" and one.get("active") is not False]
    told = [one for one in resources if _is_told(one)]
    if not told:
        raise BadRequest("Nothing here becomes a KL Bundle", hint=f"These do: {', '.join(KINDS[1:])}.")
    if not citizens:
        raise BadRequest("Nobody says whom this is about", hint="Give a Bundle that holds the Patient as well.")
    files = [one for one in resources if one.get("resourceType") == "Binary"]
    made = [(citizen, [one for one in told if _is_about(one, citizen, citizens)]) for citizen in citizens]
    if sum(len(parts) for _, parts in made) < len(told):
        raise BadRequest("A part does not say whom it is about", hint="Its subject names a Patient of the Bundle.")
    return [write([*parts, *files], citizen, now, tables) for citizen, parts in made if parts]


def _is_told(resource: Body) -> bool:
    kind = str(resource.get("resourceType"))
    if kind == "Account" and is_benefit(resource):
        return False
    return kind in KINDS[1:] and not is_joint(kind, str(resource.get("id")))


def _is_about(part: Body, citizen: Body, citizens: Sequence[Body]) -> bool:
    urls = [str(one.get("reference", "")) for one in subjects(part)]
    wanted = next((url.rpartition("/")[2].rpartition(":")[2] for url in urls if url), "")
    if not wanted:
        return len(citizens) == 1
    links = [str(link.get("other", {}).get("reference", "")).rpartition("/")[2] for link in citizen.get("link", [])]
    return wanted == citizen.get("id") or wanted in links
