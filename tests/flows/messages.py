"""Messages about one invented citizen, short to write."""

from __future__ import annotations

import re
from pathlib import Path

CPR = "2512489996"
_SAG = Path(__file__).parents[2] / "fixtures" / "messages" / "oio" / "sag.xml"


def adt(
    event: str,
    number: int,
    time: str,
    *,
    cpr: str = CPR,
    sender: str = "SP|REGH",
    visit: str = "V77",
    more: str = "",
    unit: str = "PSY4",
) -> bytes:
    """An HL7 v2 ADT message; `time` is EVN-2, EVN-6 and, for an admission, PV1-44."""
    admitted = f"|{time}" if event in ("A01", "A04") else "|"
    ended = f"|{time}" if event == "A03" else ""
    segments = [
        f"MSH|^~\\&|{sender}|GW|KK|{time}||ADT^{event}|M{number}|P|2.5||||||UNICODE UTF-8",
        f"EVN|{event}|{time}||||{time}",
        f"PID|1||{cpr}^^^CPR&1.2.208.176.1.2&ISO^NI||Lind^Ask||19481225|M",
        f"PV1|1|I|{unit}^12^2^BBH&1.2.208.176.1.1&ISO||||||||||||||||{visit}^^^REGH&1.2.208.176.1.2.1&ISO^VN"
        + "|" * 24
        + admitted
        + ended,
    ]
    return "\r".join([*segments, *([more] if more else [])]).encode() + b"\r"


def case(cpr: str = CPR, *, owner: str = "64942212") -> bytes:
    """An OIO Sag: this municipality has an open case about the citizen."""
    text = re.sub(r"urn:oio:cpr-nr:\d{10}", f"urn:oio:cpr-nr:{cpr}", _SAG.read_text("utf-8"))
    text = re.sub(r"urn:oio:cvr-nr:\d{8}", f"urn:oio:cvr-nr:{owner}", text)
    return re.sub(r"(CVR-?Nummer>)\d{8}", rf"\g<1>{owner}", text, flags=re.IGNORECASE).encode()
