"""The elements of OIO, made of what JSON holds: values, effects, references, notes."""

from __future__ import annotations

import base64
import re
from datetime import UTC, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from gateway.errors import WrongType
from gateway.translate.blanks import fit
from gateway.translate.oio.effect import Instant, instant
from gateway.translate.oio.lora import names as called
from gateway.translate.oio.tree import Node

UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_HOURS_ALONE = re.compile(r"(?<=\d)([+-]\d\d)$", re.ASCII)  # PostgreSQL's zone: 2017-01-01 00:00:00+01
_DEEPEST = 6
_ANY_ZONE = ZoneInfo("Europe/Copenhagen")  # a time without a zone stays one


def held_in(node: Any, place: str) -> dict[str, Any]:
    """What an object holds. Raises WrongType for anything else."""
    if not isinstance(node, dict):
        raise WrongType(where=place or "line 1", hint="An object is expected.")
    return node


def journal(held: dict[str, Any], place: str, up: Node) -> None:
    """JournalpostEgenskaber of a relation to a document or note, where it has any."""
    properties = Node("JournalpostEgenskaber", place, up=up)
    if "journalnotat" in held:
        where = f"{place}.journalnotat"
        note = named("JournalnotatEgenskaber", held["journalnotat"], called.NOTE, where, properties)
        written = note.first("Notat")
        # LoRa has the note as it is; OIO has it in base64, told by a format that is a UUID.
        if written is not None and not UUID.fullmatch(note.said("Format")):
            written.text = base64.b64encode(written.text.encode()).decode()
        properties.parts.append(note)
    if "journaldokument" in held:
        where = f"{place}.journaldokument"
        told = held_in(held["journaldokument"], where)
        if "dokumenttitel" in told:
            title = single(told["dokumenttitel"], f"{where}.dokumenttitel")
            properties.parts.append(leaf("Dokumenttitel", title, f"{where}.dokumenttitel", properties))
        if "offentlighedundtaget" in told:
            inner = f"{where}.offentlighedundtaget"
            exempt = named("OffentlighedUndtaget", told["offentlighedundtaget"], called.EXEMPT, inner, properties)
            properties.parts.append(exempt)
    if properties.parts:
        up.parts.append(properties)


def effect(told: Any, place: str, up: Node) -> Node:
    """A Virkning: `from` and `to`, `infinity` and `-infinity`, times without a zone in the source's own. PostgreSQL's
    ranges tell which of their edges belong to them (`from_included`, `to_included`): as a rule the first and not the
    last, as OIO has it; an edge that does otherwise is moved by one unit of its fineness."""
    held = held_in(told, place)
    node = Node("Virkning", place, up=up)
    for key, name in (("from", "FraTidspunkt"), ("to", "TilTidspunkt")):
        said = single(held.get(key, ""), f"{place}.{key}").strip()
        if not said or said == "-infinity":
            continue
        if held.get(f"{key}_included") is (key == "to"):
            said = _next(said)
        edge = Node(name, f"{place}.{key}", up=node)
        open_ = said == "infinity"
        text = (
            leaf("GraenseIndikator", "true", "", edge) if open_ else leaf("TidsstempelDatoTid", zoned(said), "", edge)
        )
        edge.parts = [text]
        node.parts.append(edge)
    if reference := single(held.get("aktoerref", ""), f"{place}.aktoerref"):
        node.parts.append(pointing("AktoerRef", reference.lower(), "", place, node))
    for key, name in (("aktoertypekode", "AktoerTypeKode"), ("notetekst", "NoteTekst")):
        if said := single(held.get(key, ""), f"{place}.{key}"):
            node.parts.append(leaf(name, said, f"{place}.{key}", node))
    return node


def _next(text: str) -> str:
    """One unit of its fineness later, in its own spelling of the zone; what is no time as it is."""
    try:
        found = instant(zoned(text), _ANY_ZONE)
    except ValueError:
        return text  # whoever reads the effect says so, with its place
    if found is None:
        return text
    if found.at.tzinfo is not _ANY_ZONE:
        return Instant((found.at.astimezone(UTC) + found.step).astimezone(found.at.tzinfo), found.step).fhir()
    later = Instant(found.at + found.step, found.step).fhir()
    return later if found.step >= timedelta(days=1) else later[: -len("+01:00")]


def named(name: str, told: Any, inside: dict[str, str], place: str, up: Node) -> Node:
    """An element whose values have other names in JSON."""
    node = Node(name, place, up=up)
    for key, value in held_in(told, place).items():
        where = f"{place}.{key}"
        if key in inside:
            node.parts.append(leaf(inside[key], single(value, where), where, node))
        else:
            node.parts.append(unknown(key, value, where, node))
    return node


def pointing(name: str, uuid: str, said: str, place: str, up: Node) -> Node:
    """A UnikIdType: a UUID, or what else names the thing."""
    node = Node(name, place, up=up)
    node.parts = [leaf("UUIDIdentifikator", uuid, place, node) if uuid else leaf("URNIdentifikator", said, place, node)]
    return node


def unknown(key: str, value: Any, place: str, up: Node, deep: int = 0) -> Node:
    """What the table does not know, under its own name: `explain` lists it as unread."""
    node = Node(key, place, up=up)
    if isinstance(value, dict) and deep < _DEEPEST:
        node.parts = [unknown(name, one, f"{place}.{name}", node, deep + 1) for name, one in value.items()]
    elif isinstance(value, list) and deep < _DEEPEST:
        node.parts = [unknown(key, one, f"{place}[{at}]", node, deep + 1) for at, one in enumerate(value)]
    elif value is not None and not isinstance(value, dict | list):
        node.text = single(value, place)
    return node


def leaf(name: str, text: str, place: str, up: Node) -> Node:
    """An element with a text."""
    return Node(name, place, text, [], up)


def single(value: Any, place: str) -> str:
    """A value as text, without control characters. Raises WrongType for what holds other values."""
    if isinstance(value, dict | list):
        raise WrongType(where=place, hint="A single value is expected.")
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else fit(str(value))


def zoned(text: str) -> str:
    """A time whose zone PostgreSQL wrote as hours alone, with its minutes."""
    return _HOURS_ALONE.sub(r"\1:00", text) if ":" in text else text
