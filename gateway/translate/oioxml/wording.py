"""What stands in a letter's elements: their words, and the codes among them; as functions of rule files."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from lxml import etree

from gateway.translate.oioxml import tree
from gateway.translate.rules.reader import Env

Json = dict[str, Any]

_SYSTEMS = {
    "SKSdiagnosekode": "urn:oid:1.2.208.176.2.4.12",
    "ICPCkode": "urn:oid:1.2.208.176.2.31",
}  # as DK Core names them; the letters' other systems have no public name
_TRUE, _FALSE = frozenset({"true", "ja"}), frozenset({"false", "nej"})
_TIMES = frozenset({"Date", "Time", "TimeWithSec"})
_CODES = frozenset({"Code", "CodeSystem", "Terminology", "DiagnoseCode", "DiagnoseTypeCode", "DiagnoseDescriptionCode"})


def words(env: Env, node: etree._Element) -> str:
    """All text of an element and of those in it, one line for each, without codes."""
    return "\n".join(_lines(node))


def _lines(node: etree._Element) -> list[str]:
    if _leaf(node):
        text = tree.worded(node)
        return [text] if text else []
    found = []
    for child in node:
        name = tree.name(child)
        if name in _CODES or name in _TIMES:
            continue
        if _leaf(child) and tree.worded(child) in _TRUE:
            found.append(name)  # a mere yes says nothing without its question
        elif not (_leaf(child) and tree.worded(child) in _FALSE):
            found += _lines(child)
    return found


def _leaf(node: etree._Element) -> bool:
    return len(node) == 0 or bool((node.text or "").strip()) or any((child.tail or "").strip() for child in node)


def coding(env: Env, node: etree._Element) -> Json | None:
    """The Code, CodeSystem and Terminology in or below an element, with its system as the letters name it."""
    code = next((one for one in node.iter() if tree.name(one) in ("Code", "DiagnoseCode") and tree.worded(one)), None)
    if code is None:
        return None
    beside = code.getparent()
    system = tree.said(beside, "CodeSystem") or tree.said(beside, "DiagnoseTypeCode")
    display = tree.said(beside, "Terminology") or tree.said(beside, "DiagnoseText")
    system = (
        system
        if ":" in system
        else _SYSTEMS.get(system) or f"urn:faellesplan:medcom:{quote(system or 'kode', safe='')}"
    )
    made = {"system": system, "code": tree.worded(code)}
    return made | ({"display": display} if display else {})


def concept(env: Env, node: etree._Element) -> Json | None:
    """As `coding`, a CodeableConcept with the words beside the code."""
    found = coding(env, node)
    text = (found or {}).get("display") or words(env, node)
    made: Json = {"coding": [found]} if found else {}
    return made | ({"text": text} if text else {}) or None


def titled(env: Env, node: etree._Element) -> str:
    """The name of an element, for tables that say what it means."""
    return tree.name(node)
