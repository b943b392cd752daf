"""The citizen as a party: always a URN, never a UUID (SF1470 guide 1.7, table of party URNs).

X-eCPR and D-eCPR have no URN in the guide. Its last row, `urn:oio:fuldtnavn:`, is for whoever has no other, so such a
citizen is told by name, with the replacement number as the party's own key (BrugervendtNoegle), and no number is put
into a URN that means another kind. A name alone finds nobody: it is told only where a case is named as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.domain.identifier import BORGER_ID, CPR, D_ECPR, PERSON_ID, X_ECPR, Identifier, best_first, normal
from gateway.domain.statement import Body
from gateway.errors import NoCitizen

_URNS = {CPR: "urn:oio:cpr-nr", PERSON_ID: PERSON_ID, BORGER_ID: BORGER_ID}
_NAME = "urn:oio:fuldtnavn:"
_LONGEST = 255  # SagDokObjekt.xsd, URNIdentifikator


@dataclass(frozen=True, slots=True)
class Citizen:
    """`urn` names the party, `key` is a number that no URN can hold, `name` the name as one text."""

    urn: str
    name: str
    key: str

    @property
    def by_name(self) -> bool:
        """Whether the name is all that names the citizen."""
        return self.urn.startswith(_NAME)


def of_patient(patient: Body, where: str = "Patient.identifier") -> Citizen:
    """The citizen of a Patient body. Raises NoCitizen with neither a number that a party may have nor a name."""
    numbers = [
        normal(one["system"], one["value"])
        for one in patient.get("identifier", [])
        if one.get("system") and one.get("value")
    ]
    return party(best_first(numbers), name_of(patient), where)


def party(numbers: Sequence[Identifier], name: str, where: str, *, by_name: bool = True) -> Citizen:
    """The citizen by the best of `numbers` that has a URN, else by name. Raises NoCitizen."""
    known = next((one for one in numbers if one.system in _URNS), None)
    key = next((one.value for one in numbers if one.system.startswith((X_ECPR, D_ECPR))), "")
    if known:
        return Citizen(f"{_URNS[known.system]}:{known.value}", name, "")
    if not name or not by_name:
        raise NoCitizen(
            "The citizen has no number that a party may be named by.",
            where=where,
            hint="A CPR number, PersonID or BorgerID, or a name and the case.",
        )
    return Citizen(f"{_NAME}{name}"[:_LONGEST], name, key)


def name_of(patient: Body) -> str:
    """The name as one text, the official one first; "" when nobody told one."""
    names = sorted(patient.get("name", []), key=lambda one: one.get("use") != "official")
    texts = (one.get("text") or " ".join([*one.get("given", []), one.get("family", "")]).strip() for one in names)
    return next((text for text in texts if text), "")
