"""A hospital's desks that send SIU, REF and MDM: appointments, referrals and documents about one citizen."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from tests.translate.hl7v2.ward import fold, msh, pid, raw, segment

START, END = "20250401130000+0200", "20250401143000+0200"
AIP = segment("AIP", {1: "1", 3: "KK4711^Lund^Karen^^^^^^KK&1.2.208.176.1.3&ISO", 4: "010^Tovholder^L"})
AIL = segment("AIL", {1: "1", 3: "MED1^12^^HGH^^^^^Mødelokale 12"})
RP = segment("PRD", {1: "RP^Referring Provider^HL70286", 2: "Holm^Per^^^Dr", 7: "055555^YDER"})
RT = segment(
    "PRD",
    {
        1: "RT^Referred to Provider^HL70286",
        2: "Lund^Karen",
        10: "Herlev^^^^^SOR&1.2.208.176.1.1&ISO^^^^265161000016000",
    },
)
TEXT = "Udskrivningsbrev"


def siu(
    event: str = "S12",
    sch: Mapping[int, str] | None = None,
    *more: str,
    sent: str = "20250314093015+0100",
    tq1: bool = True,
) -> bytes:
    """One SIU: SCH with these fields, a time (TQ1) unless told otherwise, the citizen, then `more`."""
    own = {2: "F-1^HGH", 6: "ADD^Oprettet", 25: "Booked"} | dict(sch or {})
    time = [segment("TQ1", {7: START, 8: END})] if tq1 else []
    head = msh(event, {7: sent, 9: f"SIU^{event}^SIU_S12", 10: f"{event}-{sent}"})
    return raw(head, segment("SCH", own), *time, pid(), "RGS|1|A", *more)


def ref(
    event: str = "I12", rf1: Mapping[int, str] | None = None, *more: str, sent: str = "20250314093015+0100"
) -> bytes:
    """One REF: RF1 with these fields, who refers, the citizen, then `more`."""
    own = {1: "P^Pending^HL70283", 2: "R", 3: "Med^Medical^HL70281", 6: "R-1^HGH"} | dict(rf1 or {})
    head = msh(event, {7: sent, 9: f"REF^{event}^REF_I12", 10: f"{event}-{sent}"})
    return raw(head, segment("RF1", own), RP, RT, pid(), *more)


def mdm(
    event: str = "T02", txa: Mapping[int, str] | None = None, *more: str, sent: str = "20250314093015+0100"
) -> bytes:
    """One MDM: EVN, the citizen, TXA with these fields, then `more`."""
    own = {1: "1", 2: "DS^Epikrise", 3: "TX", 12: "D-1^HGH", 17: "AU"} | dict(txa or {})
    head = msh(event, {7: sent, 9: f"MDM^{event}^MDM_T02", 10: f"{event}-{sent}"})
    return raw(head, segment("EVN", {1: event, 2: sent}), pid(), "PV1|1|N", segment("TXA", own), *more)


def line(text: str, kind: str = "TX", fields: Mapping[int, str] | None = None) -> str:
    """One OBX of a document."""
    return segment("OBX", {1: "1", 2: kind, 3: f"DOC^{TEXT}", 5: text, 11: "F"} | dict(fields or {}))


def appointment(*messages: bytes) -> dict[str, Any]:
    """The only Appointment that these messages make."""
    (one,) = fold(*messages)["Appointment"]
    return one


def referral(*messages: bytes) -> dict[str, Any]:
    """The only ServiceRequest that these messages make."""
    (one,) = fold(*messages)["ServiceRequest"]
    return one


def document(*messages: bytes) -> dict[str, Any]:
    """The only DocumentReference that these messages make."""
    (one,) = fold(*messages)["DocumentReference"]
    return one


def in_any_order(*messages: bytes) -> list[dict[str, list[dict[str, Any]]]]:
    """What every order of arrival makes, each message once and twice."""
    return [fold(*order, order[0]) for order in itertools.permutations(messages)]
