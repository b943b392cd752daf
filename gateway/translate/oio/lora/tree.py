"""LoRa's JSON as the tree that OIO XML becomes (translate/oio/tree.py): objects told whole, in part, or taken out.

An object comes bare, as it is written to LoRa (`attributter`, `tilstande`, `relationer`; its `uuid` beside them, or
made of its own key), or as LoRa answers a read: `{"results": [[{"id": …, "registreringer": […]}]]}`. What is taken out
says `"livscykluskode": "Slettet"` (of several registrations the newest), what tells only what changed says `"Rettet"`;
any other code is technical.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

from gateway.errors import MissingField, UnknownMessage, Unreadable, WrongType
from gateway.translate.fhir.read_json import read_object
from gateway.translate.oio.effect import instant
from gateway.translate.oio.lora import elements
from gateway.translate.oio.lora import names as called
from gateway.translate.oio.lora.names import LISTS, Names
from gateway.translate.oio.roles import Roles, urn
from gateway.translate.oio.tree import Node

_ZONE = ZoneInfo("Europe/Copenhagen")  # until the source is known
_SPACE = UUID("6e0b4b8e-6c3a-5d0b-9a53-5f2d5c8a7f10")  # of UUIDs for objects that were written without one
_OTHER_URNS = {"urn:dk:cpr:person:": "urn:oio:cpr-nr:", "urn:dk:cvr:virksomhed:": "urn:oio:cvr-nr:"}
_KLE = re.compile(r"urn:[\w:.-]*?kle:(\d\d\.\d\d\.\d\d|[A-ZÆØÅ]\d\d)", re.IGNORECASE)
_TOP = frozenset({"id", "uuid", "note", "attributter", "tilstande", "relationer", "livscykluskode",
                  "fratidspunkt", "tiltidspunkt", "brugerref", "objekttype", "virkning"})  # fmt: skip
# What the index adds to relations of a case stands beside those of an effort too.
_EXTENSIONS = {
    "Indsatstype": "SagsklasseLokalUdvidelse", "Indsatskvalitet": "SagsklasseLokalUdvidelse",
    "Indsatsaktoer": "SagsaktoerLokalUdvidelse", "Indsatsmodtager": "SagspartLokalUdvidelse",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Object:
    """One object of a document: `node` has the shape of a Sag, Dokument or Indsats. `when` says where its registrations
    got their time from, where they do not tell it."""

    kind: str
    node: Node
    whole: bool
    removed: bool
    when: tuple[str, ...] = ()

    @property
    def uuid(self) -> str:
        """Its UUID, told or made."""
        return self.node.said("UUIDIdentifikator")


def read(raw: bytes, names: Names, roles: Roles) -> list[Object]:
    """The objects in these bytes. Raises Unreadable, WrongCharset, WrongType, TooLarge, MissingField, UnknownMessage,
    each with its place (`relationer.ejer[0].virkning.from`)."""
    try:
        whole = read_object(raw)
    except Unreadable as fault:
        if fault.where == "uuid":  # told in the object and in the address that it was sent to
            hint = "An object that is sent to its own address is named there alone: leave its uuid out."
            raise Unreadable(fault.text, where="uuid", hint=hint) from None
        raise
    found = [_Reading(names, roles, one, place).object() for place, one in _objects(whole)]
    if not found:
        raise MissingField("The document holds no object.", where="results")
    return found


def _objects(whole: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    if "results" not in whole:
        yield "", whole
        return
    for place, one in _flat(whole["results"], "results", 2):
        yield place, elements.held_in(one, place)


def _flat(node: Any, place: str, deep: int) -> Iterator[tuple[str, Any]]:
    """The items of lists in a list: LoRa answers with one list for each UUID that was asked for."""
    if not isinstance(node, list):
        raise WrongType(where=place, hint="A list is expected.")
    for at, one in enumerate(node):
        if isinstance(one, list) and deep > 1:
            yield from _flat(one, f"{place}[{at}]", deep - 1)
        else:
            yield f"{place}[{at}]", one


class _Reading:
    """One object, being read."""

    def __init__(self, names: Names, roles: Roles, told: dict[str, Any], place: str) -> None:
        self._names = names
        self._uuids = roles.uuids
        self._told = told
        self._place = place
        self._kind = ""

    def object(self) -> Object:
        listed = self._registrations()
        self._kind = self._kind_of([one for _, one in listed])
        root = Node(self._kind, self._place or self._kind)
        codes = {str(one.get("livscykluskode", "")) for _, one in listed}
        removed = "Slettet" in codes and str(_last(listed).get("livscykluskode", "")) == "Slettet"
        root.parts = [elements.leaf("UUIDIdentifikator", self._uuid(), self._at("uuid"), root)]
        when = []
        for place, one in listed if not removed else ():
            registration, guessed = self._registration(one, place, root)
            root.parts.append(registration)
            when += [place or self._kind] if guessed else []
        whole = "registreringer" in self._told or "Rettet" not in codes
        return Object(self._kind, root, whole, removed, tuple(when))

    def _at(self, *steps: str) -> str:
        return ".".join(filter(None, (self._place, *steps)))

    def _registrations(self) -> list[tuple[str, dict[str, Any]]]:
        if "registreringer" not in self._told:
            return [(self._place, self._told)]
        place = self._at("registreringer")
        found = [(where, elements.held_in(one, where)) for where, one in _flat(self._told["registreringer"], place, 1)]
        if not found:
            raise MissingField("The object has no registration.", where=place)
        return found

    def _kind_of(self, registrations: list[dict[str, Any]]) -> str:
        """Sag, Dokument or Indsats, by the keys of its lists: those of attributes and states name it, those of
        relations may be shared."""
        found = {kind for kind in called.KINDS if kind == self._told.get("objekttype")}
        for list_ in LISTS:
            for held in (one.get(list_) for one in registrations):
                for key in held if isinstance(held, dict) else ():
                    kinds = self._names.kinds_of(list_, key)
                    found = (found & kinds) or found or kinds
        if not found and registrations[-1].get("livscykluskode") == "Slettet":
            return called.KINDS[0]  # what is taken out is found by its number, whatever it is
        if not found:
            place = self._place or "line 1"
            raise UnknownMessage(
                "This is no object of LoRa that is read here.",
                where=place,
                hint="Sag, Dokument and Indsats are; tell objekttype where nothing else says which.",
            )
        return next(kind for kind in called.KINDS if kind in found)

    def _uuid(self) -> str:
        """The object's own; one made of what names it, so that the same object written twice is one."""
        for name in ("uuid", "id"):
            if (told := self._told.get(name)) is not None:
                if not isinstance(told, str) or not elements.UUID.fullmatch(told):
                    raise WrongType(where=self._at(name), hint="A UUID is expected.")
                return told.lower()
        return str(uuid5(_SPACE, f"{self._kind}\0{self._own_name()}"))

    def _own_name(self) -> str:
        owner = [
            str(one.get("urn") or one.get("uuid"))
            for key in ("ejer", "indsatsaktoer")
            for one in self._dicts(("relationer", key))
        ]
        keys = [
            str(value)
            for properties in elements.held_in(self._told.get("attributter") or {}, self._at("attributter")).values()
            for one in (properties if isinstance(properties, list) else ())
            for name in ("brugervendtnoegle", "sagsnummer")
            if isinstance(one, dict) and (value := one.get(name))
        ]
        if not keys:
            raise MissingField("The object names itself in no way.", where=self._at("uuid"))
        return "\0".join((*sorted(owner)[:1], keys[0]))

    def _dicts(self, path: tuple[str, str]) -> list[dict[str, Any]]:
        held = self._told.get(path[0])
        found = held.get(path[1]) if isinstance(held, dict) else None
        return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []

    def _registration(self, one: dict[str, Any], place: str, root: Node) -> tuple[Node, bool]:
        """A Registrering; True when its time is not told and that of its newest effect stands for it."""
        node = Node("Registrering", place or root.name, up=root)
        lists = [self._list(one, name, place, node) for name in LISTS]
        moment = _registered(one)
        if moment is not None:
            stamp = elements.zoned(elements.single(moment, _join(place, "fratidspunkt")))
        else:
            stamp = _newest([found for found in lists if found])
        if stamp:
            node.parts.append(elements.leaf("Tidspunkt", stamp, _join(place, "fratidspunkt"), node))
        if (code := one.get("livscykluskode")) is not None:
            node.parts.append(
                elements.leaf("LivscyklusKode", elements.single(code, _join(place, "livscykluskode")), "", node)
            )
        if (note := one.get("note")) is not None:
            node.parts.append(elements.leaf("NoteTekst", elements.single(note, _join(place, "note")), "", node))
        node.parts += [found for found in lists if found is not None]
        for key, value in one.items():
            if key not in _TOP and key != "registreringer":
                node.parts.append(elements.unknown(key, value, _join(place, key), node))
        return node, moment is None

    def _list(self, one: dict[str, Any], name: str, place: str, up: Node) -> Node | None:
        if one.get(name) is None:
            return None
        where = _join(place, name)
        node = Node(LISTS[name], where, up=up)
        for key, items in elements.held_in(one[name], where).items():
            if items is None:  # as some write what there is none of
                continue
            element, role = self._names.told.get((self._kind, name, key), ("", ""))
            if not element:
                node.parts.append(elements.unknown(key, items, f"{where}.{key}", node))
                continue
            for at, item in _flat(items, f"{where}.{key}", 1):
                held = elements.held_in(item, at)
                if name == "attributter":
                    self._properties(held, at, node)
                elif name == "tilstande":
                    self._state(element, key.removeprefix(self._kind.lower()), held, at, node)
                else:
                    self._relation(element, role, held, at, node)
        return node

    def _properties(self, held: dict[str, Any], place: str, up: Node) -> None:
        node = Node("Egenskaber", place, up=up)
        own = Node("SagIndeksEgenskaber", place)
        beside = Node("LokalUdvidelseListe", place, parts=[own], up=up)
        own.up = beside
        for key, value in held.items():
            where = f"{place}.{key}"
            if key == "virkning":
                node.parts.append(elements.effect(value, where, node))
                own.parts.append(elements.effect(value, where, own))
            elif key == "offentlighedundtaget":
                node.parts.append(elements.named("OffentlighedUndtaget", value, called.EXEMPT, where, node))
            elif key in called.INDEX:
                holder = own if self._kind == "Sag" else node
                holder.parts.append(elements.leaf(called.INDEX[key], elements.single(value, where), where, holder))
            elif key in called.VALUES:
                said = elements.single(value, where)
                text = elements.zoned(said) if key.endswith(("tidspunkt", "dato")) else said
                node.parts.append(elements.leaf(called.VALUES[key], text, where, node))
            else:
                node.parts.append(elements.unknown(key, value, where, node))
        up.parts.append(node)
        if any(part.name != "Virkning" for part in own.parts):
            up.parts.append(beside)

    def _state(self, element: str, key: str, held: dict[str, Any], place: str, up: Node) -> None:
        """A state; '' is LoRa's word for one that is not told."""
        node = Node(element, place, up=up)
        code = elements.single(held.get(key, ""), f"{place}.{key}")
        if not code:
            return
        node.parts.append(elements.leaf(f"{element}StatusKode", code, f"{place}.{key}", node))
        if "virkning" in held:
            node.parts.append(elements.effect(held["virkning"], f"{place}.virkning", node))
        up.parts.append(node)

    def _relation(self, element: str, role: str, held: dict[str, Any], place: str, up: Node) -> None:
        node = Node(element, place, up=up)
        if "virkning" in held:
            node.parts.append(elements.effect(held["virkning"], f"{place}.virkning", node))
        code = held.get("journalpostkode")
        if element == "Journalpost" and code is not None:
            said = elements.single(code, f"{place}.journalpostkode")
            role = called.JOURNAL.get(said, said)
        if role:
            uuid = self._uuids.get((element, role.lower()))
            node.parts.append(elements.pointing("Rolle", uuid or "", "" if uuid else urn(role), place, node))
        if (kind := held.get("objekttype")) is not None:
            said = elements.single(kind, f"{place}.objekttype")
            uuid = self._uuids.get(("Type", said.lower().replace("organisationsenhed", "organisationenhed")), "")
            node.parts.append(elements.pointing("Type", uuid, "" if uuid else f"urn:oio:{said.lower()}", place, node))
        if (index := held.get("indeks")) is not None:
            node.parts.append(
                elements.leaf("Indeks", elements.single(index, f"{place}.indeks"), f"{place}.indeks", node)
            )
        self._target(element, held, place, node)
        if element == "Journalpost":
            elements.journal(held, place, node)
        known = {"virkning", "journalpostkode", "journalnotat", "journaldokument", "objekttype", "indeks", "uuid",
                 "urn", *called.BESIDE}  # fmt: skip
        node.parts += [
            elements.unknown(key, value, f"{place}.{key}", node) for key, value in held.items() if key not in known
        ]
        up.parts.append(node)

    def _target(self, element: str, held: dict[str, Any], place: str, node: Node) -> None:
        """What a relation leads to, and what is told of that beside it."""
        uuid, said = (elements.single(held.get(name, ""), f"{place}.{name}") for name in ("uuid", "urn"))
        if uuid and not elements.UUID.fullmatch(uuid):
            raise WrongType(where=f"{place}.uuid", hint="A UUID is expected.")
        for other, own in _OTHER_URNS.items():
            said = own + said[len(other) :] if said.lower().startswith(other) else said
        if uuid or said:
            node.parts.append(elements.pointing("ReferenceID", uuid.lower(), "" if uuid else said, place, node))
        beside = {name: held[name] for name in called.BESIDE if name in held}
        if (number := _KLE.fullmatch(said)) and "brugervendtnoegle" not in beside:
            beside["brugervendtnoegle"] = number[1].upper()
        if beside:
            listed = Node("LokalUdvidelseListe", place, up=node)
            listed.parts = [
                elements.named(
                    _EXTENSIONS.get(element, f"{element}LokalUdvidelse"), beside, called.BESIDE, place, listed
                )
            ]
            node.parts.append(listed)


def _registered(one: dict[str, Any]) -> Any:
    """What a registration says of when it was made; None where it says nothing."""
    told = one.get("fratidspunkt")
    return told.get("tidsstempeldatotid") if isinstance(told, dict) else told


def _last(listed: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """The newest registration, whatever order they are told in; of those without a time the last that is told. LoRa
    deletes by one more registration, and answers a read with all before it as well."""
    beginning = datetime.min.replace(tzinfo=UTC)
    told = [elements.single(_registered(one) or "", _join(place, "fratidspunkt")) for place, one in listed]
    times = [_at(elements.zoned(moment)) or beginning for moment in told]
    return listed[max(range(len(listed)), key=lambda at: (times[at], at))][1]


def _newest(lists: list[Node]) -> str:
    """The start of the newest effect; "" when none begins."""
    effects = (node for one in lists for node in one.walk() if node.name == "Virkning")
    starts = [node.said("FraTidspunkt", "TidsstempelDatoTid") for node in effects]
    timed = [(at, text) for text in starts if (at := _at(text))]
    return max(timed)[1] if timed else ""


def _at(text: str) -> datetime | None:
    try:
        found = instant(text, _ZONE)
    except ValueError:
        return None  # whoever reads the effect says so, with its place
    return found.at.astimezone(UTC) if found else None


def _join(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
