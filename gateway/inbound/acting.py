"""Who acts and why: the claims `extensions.ihe_iua` and `extensions.faellesplan` of a client's assertion.

The names are those of IHE IUA (ITI-71). A client says who is in front of it; it can never say more than it is
registered for: purposes come from its list, the role that decides comes from its registration alone.

    "extensions": {
      "ihe_iua": {
        "subject_name": "Karla Bo", "subject_id": "urn:oid:1.2.208.176.1.1|265161000016000.kbo",
        "subject_role": "sygeplejerske", "subject_organization_id": "265161000016000",
        "national_provider_identifier": "0CX2T",
        "purpose_of_use": ["TREAT"], "on_behalf_of": ""},
      "faellesplan": {"override": {"code": "emergency", "text": "Bevidstløs ved ankomst"}}}
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.domain.caller import Override
from gateway.domain.identifier import CVR, GLN, SOR, normal
from gateway.domain.limits import CaseAccess
from gateway.inbound.clients import Client

V3_ACT_REASON = frozenset({"http://terminology.hl7.org/CodeSystem/v3-ActReason", "urn:oid:2.16.840.1.113883.5.8"})
OVERRIDE_PURPOSE = "BTG"
SYSTEM_PURPOSES = frozenset({"HOPERAT", "HSYSADMIN", "SYSDEV"})
"""What a system may do by itself. For any other purpose somebody stands in front of it and is named: a system does not
look with its own right on behalf of a user without one."""
_LONGEST = 255
_LONGEST_REASON = 1000


class NotRegistered(ValueError):
    """The assertion says something that the client is not registered for, or says it wrongly. No values in it."""


@dataclass(frozen=True, slots=True)
class Acting:
    """The person in front of the client, the purposes, and the override if there is one."""

    user: str = ""
    user_name: str = ""
    user_role: str = ""
    purposes: tuple[str, ...] = ()
    on_behalf_of: str = ""
    override: Override | None = None
    authorisation: str = ""
    cases: tuple[CaseAccess, ...] | None = None  # what another issuer narrows the client's cases to


def levels_of(client: Client, who: Acting) -> tuple[str, ...]:
    """The levels of scopes that this call may be given: a person makes it a user's, a citizen the patient's own."""
    if not who.user:
        return ("system",)
    return ("system", "user", "patient") if client.role == "citizen" else ("system", "user")


def acting(extensions: object, client: Client) -> Acting:
    """What the claim says, checked against the registration; nothing said is a system alone, without purpose.

    Raises NotRegistered.
    """
    if extensions is None:
        return Acting()
    iua = _object(_object(extensions, "extensions").get("ihe_iua", {}), "ihe_iua")
    ours = _object(_object(extensions, "extensions").get("faellesplan", {}), "faellesplan")
    if ours.keys() - {"override"}:
        raise NotRegistered("extensions.faellesplan holds override only")
    _check_organisation(_text(iua, "subject_organization_id"), client)
    said = Acting(
        user=_person(_text(iua, "subject_id")),
        user_name=_text(iua, "subject_name"),
        user_role=_code(iua.get("subject_role", ""), "subject_role"),
        authorisation=_text(iua, "national_provider_identifier"),
        purposes=_purposes(iua.get("purpose_of_use", []), client),
        on_behalf_of=_key(_text(iua, "on_behalf_of")),
        override=_override(ours["override"]) if "override" in ours else None,
    )
    _check_override(said)
    _check_person(said)
    return said


def _check_organisation(value: str, client: Client) -> None:
    """A client speaks for its own organisation and the units it is registered with."""
    own = {client.organisation.value, client.organisation.key, *client.member_of}
    known = own | {key.rpartition("|")[2] for key in client.member_of}
    if value and _key(value) not in known:
        raise NotRegistered("subject_organization_id is not an organisation of this client")


def _person(value: str) -> str:
    """A person's number. A client speaks for no organisation but its own, and for no resource: consents name both, and
    whoever came under such a name would be taken for them."""
    key = _key(value)
    system, _, number = key.rpartition("|")
    if system in (CVR, GLN) or (system == SOR and number.isdecimal()) or (not system and "/" in number):
        raise NotRegistered("subject_id must be the number of a person")
    return key


def _key(value: str) -> str:
    """`system|value` in its normal spelling; a number without a system stays as it is."""
    system, bar, number = value.rpartition("|")
    return normal(system, number).key if bar else value


def _check_person(said: Acting) -> None:
    """A purpose that only people have takes a person; so does acting on behalf of another."""
    if not said.user and (said.on_behalf_of or not SYSTEM_PURPOSES.issuperset(said.purposes)):
        raise NotRegistered("this purpose of use needs subject_id, the person in front of the client")


def _check_override(said: Acting) -> None:
    """An override needs a person, and the purpose BTG; BTG needs the reason."""
    if said.override and not said.user:
        raise NotRegistered("an override needs subject_id, the person who takes it")
    if (said.override is not None) != (OVERRIDE_PURPOSE in said.purposes):
        raise NotRegistered("purpose BTG and faellesplan.override go together")


def check_reason(said: Acting, grounds: Collection[str]) -> None:
    """An override for no reason of the table opens nothing, and every look would say that there is nothing: in an
    emergency that is to be known before it. Raises NotRegistered with the reasons that this role may have."""
    if said.override and said.override.code not in grounds:
        may = ", ".join(grounds) or "none"
        raise NotRegistered(f"override.code is no reason that this role may override for now; there are: {may}")


def _purposes(value: object, client: Client) -> tuple[str, ...]:
    listed = value if isinstance(value, list) else [value]
    codes = tuple(dict.fromkeys(_purpose(item) for item in listed))
    if not set(codes) <= set(client.purposes):
        raise NotRegistered("purpose_of_use holds a purpose that this client is not registered for")
    return codes


def _purpose(item: object) -> str:
    if isinstance(item, Mapping) and item.get("system") not in V3_ACT_REASON:
        raise NotRegistered("purpose_of_use holds a code of another system than v3-ActReason")
    code = _code(item, "purpose_of_use")
    if not code:
        raise NotRegistered("purpose_of_use holds an empty code")
    return code


def _code(value: object, name: str) -> str:
    """A code as text, or as IUA writes it: an object with system and code."""
    return _text(value, "code", name) if isinstance(value, Mapping) else _text({name: value}, name)


def _override(value: object) -> Override:
    parts = _object(value, "override")
    code, text = _text(parts, "code"), _text(parts, "text", longest=_LONGEST_REASON)
    if not code or not text or parts.keys() - {"code", "text"}:
        raise NotRegistered("override must be a reason: code and text, both filled in")
    return Override(code, text)


def _object(value: object, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise NotRegistered(f"{name} must be an object")
    return value


def _text(parts: Mapping[str, Any], name: str, told: str = "", *, longest: int = _LONGEST) -> str:
    value = parts.get(name, "")
    if not isinstance(value, str) or len(value) > longest or not value.isprintable():
        raise NotRegistered(f"{told or name} must be a text of at most {longest} characters")
    return value.strip()
