"""What a case must hold beyond being well-formed: only what the guide itself demands (SF1470 sag guide)."""

from __future__ import annotations

from collections.abc import Iterator

from gateway.errors import MissingField
from gateway.translate.oio.case import Case
from gateway.translate.oio.party import Party
from gateway.translate.oio.roles import Roles
from gateway.translate.oio.shape import REGISTERED
from gateway.translate.oio.tree import Node
from gateway.translate.translation import Finding


def check_update(one: Case) -> None:
    """An update may tell only what changed; what it does not repeat would be lost, so it must repeat everything.

    Raises MissingField.
    """
    for name in REGISTERED if not one.whole else ():
        if one.sag.first("Registrering", name) is None:
            raise MissingField(
                "The update does not tell the whole case.",
                where=f"{one.sag.place}/{name}",
                hint="Repeat what did not change, or send the case with Importer.",
            )


def check_case(sag: Node, roles: Roles) -> None:
    """A state and a KLE subject: without them neither status nor data class can be told. Raises MissingField."""
    registration = sag.first("Registrering") or sag
    states = registration.each("TilstandListe", "Fremdrift")
    if not any(state.said("FremdriftStatusKode") for state in states):
        raise MissingField("The case has no state.", where=f"{registration.place}/TilstandListe/Fremdrift")
    classes = registration.each("RelationListe", "Sagsklasse")
    if not any(_kle(found) for found in classes if roles.of(found) == "PrimaerKlasse"):
        where = f"{registration.place}/RelationListe/Sagsklasse[PrimaerKlasse]"
        raise MissingField("The case has no KLE subject.", where=where)


def _kle(relation: Node) -> str:
    return relation.said("LokalUdvidelseListe", "SagsklasseLokalUdvidelse", "BrugervendtNoegle")


def noticed(sag: Node, citizen: Party) -> Iterator[Finding]:
    """What was read otherwise than it was written."""
    if citizen.name_only:
        yield Finding(
            citizen.place, "the citizen has no number; the case's own stands for them", severity="information"
        )
    if not sag.said("Registrering", "AttributListe", "LokalUdvidelseListe", "SagIndeksEgenskaber", "Foelsomhed"):
        place = (sag.first("Registrering", "AttributListe") or sag).place
        yield Finding(place, "Foelsomhed is missing; the case is treated as restricted")
