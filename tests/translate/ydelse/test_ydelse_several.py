"""Grants and payments of several citizens in one message: each citizen's by itself."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from lxml import etree

from gateway.errors import MissingField
from gateway.translate.ydelse import Ydelse
from tests.translate.ydelse.making import (
    CPR,
    GRANT,
    OTHER_GRANT,
    PAID,
    granted,
    imported,
    paid,
    party,
    registered,
    wrapped,
)

OTHER = "2512489996"
THEIRS = granted(registered(parties=party(f"urn:oio:cpr-nr:{OTHER}")), uuid=OTHER_GRANT)
NOBODYS = granted(registered(parties=""), uuid="6e0f6c0a-52d3-4e43-9b6f-2d6c1b7b9e03")


@pytest.mark.parametrize(
    "whole",
    [
        imported(granted(), THEIRS, paid()),
        imported(granted(), THEIRS, paid()).replace(b"yi:", b"y-1.i:").replace(b":yi=", b":y-1.i="),
        imported(granted(), THEIRS, paid()).replace(b"<yi:", b"<!-- one --><yi:"),
        b'<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        + imported(granted(), THEIRS, paid()).partition(b"\n")[2]
        + b"</s:Body></s:Envelope>",
    ],
    ids=["plain", "another prefix", "comments", "enveloped"],
)
def test_each_citizens_are_a_message_of_their_own(ydelse: Ydelse, whole: bytes) -> None:
    found = ydelse.batch(whole)
    assert found is not None
    said = [ydelse.translate(one) for one in found.messages]
    assert [one.citizen[0].value for one in said] == [CPR, OTHER]
    assert GRANT.encode() in found.messages[0]
    assert PAID.encode() in found.messages[0], "the payment goes with the grant of the same citizen"
    assert OTHER_GRANT.encode() not in found.messages[0]


def test_updates_are_told_apart_as_imports_are(ydelse: Ydelse) -> None:
    def change(cpr: str, uuid: str) -> str:
        inner = registered(parties=party(f"urn:oio:cpr-nr:{cpr}"))
        told = inner.removeprefix("<bi:Registrering>").removesuffix("</bi:Registrering>")
        head = f"<sd:UUIDIdentifikator>{uuid}</sd:UUIDIdentifikator>"
        return f"<yi:OpdaterBevillingIndeks>{head}{told}</yi:OpdaterBevillingIndeks>"

    found = ydelse.batch(wrapped("OpdaterYdelseIndeksInput", change(CPR, GRANT), change(OTHER, OTHER_GRANT)))
    assert found is not None
    assert [ydelse.translate(one).citizen[0].value for one in found.messages] == [CPR, OTHER]


@pytest.mark.parametrize("whole", [imported(granted(), paid()), imported(), b"<a", imported(granted(), THEIRS)[:-9]])
def test_of_one_citizen_and_what_cannot_be_read_is_as_it_came(ydelse: Ydelse, whole: bytes) -> None:
    assert ydelse.batch(whole) is None


def test_what_names_no_citizen_keeps_nobody_elses_out(ydelse: Ydelse) -> None:
    found = ydelse.batch(imported(NOBODYS, granted(), THEIRS))
    assert found is not None
    first, *others = found.messages
    with pytest.raises(MissingField) as refused:
        ydelse.translate(first)
    assert [ydelse.translate(one).citizen[0].value for one in others] == [CPR, OTHER]
    now = datetime(2025, 3, 1, tzinfo=UTC)
    answers = [ydelse.refuse(first, refused.value, now), *(ydelse.accept(one, now) for one in others)]
    told = etree.fromstring(found.answer(answers, now))
    assert etree.QName(told).localname == "ImporterYdelseIndeksOutput"
    assert [one.text for one in told.iter("{*}StatusKode")] == ["40", "20", "20"]
    assert [one.text for one in told.iter("{*}UUIDIdentifikator")][1:] == [GRANT, OTHER_GRANT]
