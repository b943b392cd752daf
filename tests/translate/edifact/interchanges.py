"""Interchanges made up from MedCom's segment groups, with the official test numbers."""

from __future__ import annotations

from collections.abc import Sequence

HOSPITAL = "5790000209354"
MUNICIPALITY = "5790002508226"
EPISODE = "a5d4c1b2e3f405162738495a6b7c8d9e"
TEXT = ("Borgeren ønsker at blive ringet op.", "Med venlig hilsen")


def admission(
    *,
    number: str = "BREV1",
    status: str = "N",
    state: str = "HS",
    citizen: str = "2512489996",
    at: str = "202503141000",
) -> list[str]:
    """A DIS20, UNH and UNT not there yet."""
    return notice("D2030C", "DIS20", number, status, state, citizen, at)


def discharge(
    *,
    number: str = "BREV2",
    status: str = "N",
    state: str = "DH",
    citizen: str = "2512489996",
    at: str = "202503181100",
) -> list[str]:
    """A DIS17."""
    return notice("D1730C", "DIS17", number, status, state, citizen, at)


def notice(version: str, kind: str, number: str, status: str, state: str, citizen: str, at: str) -> list[str]:
    return [
        f"UNH+{number}+MEDDIS:D:93A:UN:{version}+{kind}",
        "BGM+EPI++9+NA",
        "DTM+137:20250314101500:204",
        *_sender(kind),
        *_receiver(),
        "S02+02",
        f"GIS+{status}",
        f"RFF+SRI:{number}",
        "DTM+182:20250314101500:204",
        "S07+07",
        f"PNA+PAT+{citizen}:::CPR:IM",
        "S11+11",
        "GIS+N",
        "GIS+P",
        f"RFF+REI:{EPISODE}",
        "SEQ++1",
        f"DTM+90:{at}:203",
        f"PAS+{state}",
    ]


def email(
    *, number: str = "BREV3", text: Sequence[str] = TEXT, citizen: str = "2512489996", name: str = "Berggren"
) -> list[str]:
    """A DIS91."""
    return [
        f"UNH+{number}+MEDDIS:D:93A:UN:D9134L+DIS91",
        "BGM+EPI++9+NA",
        "DTM+137:202503141015:203",
        *_sender("DIS91"),
        *_receiver(),
        "S02+02",
        "GIS+N",
        f"RFF+SRI:{number}",
        "RFF+HI:NC",
        "DTM+182:202503141015:203",
        "S07+07",
        f"PNA+PAT+{citizen}:::CPR:IM+++SU:{name}+FO:Nancy Ann",
        "S11+11",
        "GIS+N",
        "RFF+AHI:1",
        "SEQ++1",
        "PAS+POT",
        "S14+14",
        "FTX+OE+P00++Aftale om udskrivning",
        *(f"FTX+NC+P00++{line}" for line in text),
    ]


def receipt(version: str = "C0330Q", kind: str = "CTL03", action: str = "7", *told: str) -> list[str]:
    """A CONTRL about letter LETTER9 in envelope ENV9."""
    return [
        f"UNH+KVIT1+CONTRL:D:93A:ZZ:{version}+{kind}",
        f"UCI+ENV9+{MUNICIPALITY}:14+{HOSPITAL}:14+{action}",
        f"UCM+LETTER9+MEDDIS:D:93A:UN:D9134L+{action}",
        *told,
    ]


def _sender(kind: str) -> list[str]:
    return [
        "S01+01",
        "NAD+SOR+265161000016000:SOR:SST++Herlev Hospital:Psykiatrisk afdeling:C4:::US",
        "CON++38683868:TE",
        f"RFF+LOC:{HOSPITAL}",
        "SEQ++1",
        f"SPR+ORG+50:SKS:SST+{kind}:SKS:SST",
    ]


def _receiver() -> list[str]:
    return ["S01+01", "NAD+ROR+101:KOM:IM++Københavns Kommune:::::US", "SEQ++2"]


def framed(message: Sequence[str]) -> list[str]:
    """The message with its UNT."""
    return [*message, f"UNT+{len(message) + 1}+{message[0].split('+')[1]}"]


def enclosed(
    *messages: Sequence[str],
    reference: str = "ENV1",
    asked: str = "1",
    charset: str = "UNOC",
    una: str = "UNA:+.? '",
    codec: str = "cp1252",
    between: str = "\r\n",
    sender: str = HOSPITAL,
) -> bytes:
    """An interchange of messages, each framed here."""
    segments = [
        f"UNB+{charset}:3+{sender}:14+{MUNICIPALITY}:14+250314:1015+{reference}++++{asked}",
        *(segment for message in messages for segment in framed(message)),
        f"UNZ+{len(messages)}+{reference}",
    ]
    return (una + between + "".join(f"{segment}'{between}" for segment in segments)).encode(codec)


def raw(segments: Sequence[str], codec: str = "cp1252") -> bytes:
    """Segments as they stand, nothing added."""
    return "".join(f"{segment}'" for segment in segments).encode(codec)
