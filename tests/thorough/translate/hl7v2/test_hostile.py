"""Any bytes become a Translation or a GatewayError, and always an answer; nothing shared is ever changed."""

from __future__ import annotations

import copy
from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.errors import GatewayError
from gateway.translate.fhir.structure import structure
from gateway.translate.hl7v2.header import read
from gateway.translate.translation import Translation
from tests.translate.hl7v2.ward import ROOT, adt, fold, language, msh, pid, pv1, raw, resources

NOW = datetime(2025, 3, 14, tzinfo=UTC)
BENCH = (ROOT / "fixtures" / "bench" / "adt_a01.hl7").read_bytes().replace(b"|HVH\r", b"|HGH\r")
SEGMENTS = "PID PD1 ARV NK1 PV1 PV2 DG1 ROL PRT EVN MRG".split()
VALUES = st.one_of(
    st.sampled_from(
        ["", '""', "X", "Y", "2025", "20250230", "^^^", "~~", "a&b&c", "A^B^C^D^E^F^G^H&1.2&ISO", "\\X0D\\", "N"]
    ),
    st.text(alphabet='ab1Y ^~&\\"', max_size=10),
    st.text(alphabet=st.characters(codec="utf-8", exclude_characters="|\r\n"), max_size=8),
)


def understood(message: bytes) -> Translation | GatewayError:
    try:
        found: Translation | GatewayError = language().translate(message)
    except GatewayError as error:
        found = error
    answer = (
        language().refuse(message, found, NOW) if isinstance(found, GatewayError) else language().accept(message, NOW)
    )
    asked = "MSH-15 may ask for no answer (enhanced mode)"
    assert not answer or read(answer).part(9).startswith("ACK"), asked
    return found


@settings(max_examples=150)
@given(st.binary(max_size=400))
def test_any_bytes(message: bytes) -> None:
    understood(message)


@settings(max_examples=100)
@given(st.binary(max_size=200))
def test_any_bytes_behind_a_header(rest: bytes) -> None:
    understood(msh().encode() + b"\r" + rest)


@settings(max_examples=150)
@given(st.data())
def test_any_bytes_in_a_good_message(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(BENCH) - 1))
    length = data.draw(st.integers(0, 20))
    understood(BENCH[:at] + data.draw(st.binary(max_size=6)) + BENCH[at + length :])


@settings(max_examples=120)
@given(
    st.sampled_from("A01 A03 A05 A06 A08 A11 A15 A16 A23 A29 A31 A40 A45 A50 A54".split()),
    st.lists(st.tuples(st.sampled_from(SEGMENTS), st.integers(1, 55), VALUES), max_size=6),
)
def test_any_value_in_any_field_becomes_valid_fhir(event: str, changes: list[tuple[str, int, str]]) -> None:
    lines = BENCH.decode().replace("ADT^A01^ADT_A01", f"ADT^{event}").rstrip("\r").split("\r")
    lines += ["PRT||AD||AT^^HL70912|A1^Bo^Ib", "ARV|1|A|DEM", "MRG|1^^^X||||V1^^^X"]
    for name, number, value in changes:
        for at, line in enumerate(lines):
            if line.startswith(name):
                fields = line.split("|")
                fields += [""] * (number + 1 - len(fields))
                fields[number] = value
                lines[at] = "|".join(fields)
    found = understood(raw(*lines))
    if isinstance(found, GatewayError):
        return
    for kind, made in resources([found]).items():
        for body in made:
            assert structure({name: value for name, value in body.items() if value != {}}) == [], kind


def test_what_is_remembered_is_never_changed() -> None:
    first = copy.deepcopy(language().translate(BENCH).statements)
    fold(BENCH, adt("A03"), adt("A08"), adt("A13"))
    language().explain(BENCH)
    assert language().translate(BENCH).statements == first


def test_what_is_remembered_belongs_to_one_source_and_its_delimiters() -> None:
    one = language().translate(raw(msh("A01"), pid(), pv1({10: "X^Y^L"})))
    other = language().translate(raw(msh("A01", {4: "BBH"}), pid(), pv1({10: "X^Y^L"})))
    odd = language().translate(raw(*(one.replace("^", ":") for one in (msh("A01"), pid(), pv1())), "PV2|||X^Y^L"))
    systems = [t.statements[-1].body["serviceType"]["coding"][0].get("system") for t in (one, other)]
    assert systems == ["urn:faellesplan:source:regh:L", "urn:faellesplan:source:other:L"]
    same = language().translate(raw(msh("A01"), pid(), pv1(), "PV2|||X^Y^L"))
    codes = [t.statements[-1].body["reasonCode"][0]["coding"][0]["code"] for t in (odd, same)]
    assert codes == ["X^Y^L", "X"]
