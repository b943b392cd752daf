"""The fixture case and its variants; texts in, bytes out."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from gateway.domain.registered import fold_registered
from gateway.domain.resource import ids
from gateway.domain.statement import Statement
from gateway.translate.oio import Oio
from gateway.translate.translation import Translation

PROJECT = Path(__file__).parents[3]
SAG = (PROJECT / "fixtures" / "messages" / "oio" / "sag.xml").read_text("utf-8")
UUID = "5b0c9d2e-61c4-4e0b-9a5d-0f2b7c3e8a11"
CITIZEN = "urn:oio:cpr-nr:0108589995"

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_NAMESPACES = (
    'xmlns:sag="urn:oio:sts:sagdok:sag:6" xmlns:gd="urn:oio:sts:generelledefinitioner:6" '
    'xmlns:sd="urn:oio:sagdok:3.0.0" xmlns:si="urn:oio:sts:sagdok:sagindeks:6" '
    'xmlns:sdi="urn:oio:sts:sagdok:sagdokumentindeks:6"'
)


def files(*places: str) -> list[Path]:
    """The OIO messages of the project at these places."""
    found = (file for place in places for file in sorted(PROJECT.glob(place)))
    return [file for file in found if b"urn:oio:sts:sagdok" in file.read_bytes()]


def changed(*pairs: tuple[str, str], text: str = SAG) -> bytes:
    """The fixture with texts replaced; each must be there."""
    for old, new in pairs:
        assert old in text, old
        text = text.replace(old, new)
    return text.encode()


def without(start: str, end: str, text: str = SAG) -> str:
    """The fixture without everything from `start` to the first `end` behind it, both included."""
    head, found, tail = text.partition(start)
    assert found, start
    return head + tail.partition(end)[2]


def between(start: str, end: str) -> str:
    """What stands between two texts of the fixture, both left out."""
    return SAG.partition(start)[2].partition(end)[0]


def imported(*cases: str) -> bytes:
    """ImporterSagDokumentIndeksInput around cases."""
    inner = "".join(
        case.replace(_HEAD, "").replace("<sag:Sag ", "<sdi:SagIndeks ").replace("</sag:Sag>", "</sdi:SagIndeks>")
        for case in cases
    )
    name = "sdi:ImporterSagDokumentIndeksInput"
    return f"{_HEAD}<{name} {_NAMESPACES}>{inner}</{name}>".encode()


def updated(*, leave_out: str = "") -> bytes:
    """OpdaterSagDokumentIndeksInput of the fixture."""
    lists = ""
    for name in ("AttributListe", "TilstandListe", "RelationListe"):
        inner = f"<sag:{name}>{between(f'<sag:{name}>', f'</sag:{name}>')}</sag:{name}>"
        lists += "" if name == leave_out else inner
    one = (
        f"<sdi:OpdaterSagIndeks><sd:UUIDIdentifikator>{UUID}</sd:UUIDIdentifikator>{lists}"
        "<sdi:Tidspunkt>2025-04-01T08:00:00+02:00</sdi:Tidspunkt></sdi:OpdaterSagIndeks>"
    )
    name = "sdi:OpdaterSagDokumentIndeksInput"
    return f"{_HEAD}<{name} {_NAMESPACES}>{one}</{name}>".encode()


def states(*rows: tuple[str, str, str]) -> str:
    """A TilstandListe of (code, from, to); an empty `to` never comes."""
    made = ""
    for code, start, end in rows:
        until = (
            f"<sd:TidsstempelDatoTid>{end}</sd:TidsstempelDatoTid>"
            if end
            else "<sd:GraenseIndikator>true</sd:GraenseIndikator>"
        )
        made += (
            f"<sag:Fremdrift><sag:Virkning><sd:FraTidspunkt><sd:TidsstempelDatoTid>{start}</sd:TidsstempelDatoTid>"
            f"</sd:FraTidspunkt><sd:TilTidspunkt>{until}</sd:TilTidspunkt></sag:Virkning>"
            f"<sag:FremdriftStatusKode>{code}</sag:FremdriftStatusKode></sag:Fremdrift>"
        )
    return made


def with_states(*rows: tuple[str, str, str]) -> bytes:
    """The fixture with these states."""
    return changed((between("<sag:TilstandListe>", "</sag:TilstandListe>"), states(*rows)))


def said(translation: Translation, kind: str, number: int = 0) -> Statement:
    """What is said of the first (or another) thing of a kind; of what is registered in parts with the body that they
    make together."""
    keys = list(dict.fromkeys(s.key for s in translation.statements if s.kind == kind))
    about = [s for s in translation.statements if (s.kind, s.key) == (kind, keys[number])]
    if "parts" not in about[-1].body:
        return about[-1]
    about.sort(key=lambda s: s.order)
    sources = {translation.source.id: translation.source}
    made = fold_registered(kind, keys[number], about, ids(b"test"), sources)
    assert made is not None
    return replace(about[-1], body=made.body)


def plan(oio: Oio, raw: bytes) -> dict[str, object]:
    return said(oio.translate(raw), "CarePlan").body


UNIT = "0d9b7c61-8b1e-4f5a-b0a7-6f7f3f5f2a20"


def with_profile(end: str = "") -> bytes:
    """The fixture with a Sikkerhedsprofil of one unit."""
    until = (
        f"<sd:TidsstempelDatoTid>{end}</sd:TidsstempelDatoTid>"
        if end
        else "<sd:GraenseIndikator>true</sd:GraenseIndikator>"
    )
    profile = (
        "<si:Sikkerhedsprofil><gd:Virkning><sd:FraTidspunkt><sd:TidsstempelDatoTid>2025-01-14T00:00:00+01:00"
        f"</sd:TidsstempelDatoTid></sd:FraTidspunkt><sd:TilTidspunkt>{until}</sd:TilTidspunkt></gd:Virkning>"
        "<gd:Rolle><sd:UUIDIdentifikator>11111111-2222-4333-8444-555555555555</sd:UUIDIdentifikator></gd:Rolle>"
        "<gd:Type><sd:UUIDIdentifikator>c5fc3b3b-5197-49ee-92e6-ae6ba1957174</sd:UUIDIdentifikator></gd:Type>"
        f"<gd:ReferenceID><sd:UUIDIdentifikator>{UNIT}</sd:UUIDIdentifikator></gd:ReferenceID></si:Sikkerhedsprofil>"
    )
    return changed(("<si:SagsitsystemRelation>", profile + "<si:SagsitsystemRelation>"))
