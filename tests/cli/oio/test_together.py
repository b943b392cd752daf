"""gateway translate of a case, what changed of it, and its removal."""

from __future__ import annotations

import argparse
import json
from itertools import permutations
from pathlib import Path

import pytest

from gateway.cli import translate
from gateway.errors import NamedByNumber
from gateway.settings import Settings
from tests.translate.oio.building import BEGUN, START, V6, case, index, states, wrapped
from tests.translate.oio.cases import UUID

UPDATE = (
    f"<sdi:OpdaterSagIndeks><sd:UUIDIdentifikator>{UUID}</sd:UUIDIdentifikator><sag:TilstandListe>"
    f"{states(('Afsluttet', '2025-05-01T00:00:00+02:00', ''))}</sag:TilstandListe>"
    "<sdi:Tidspunkt>2025-05-02T08:00:00+02:00</sdi:Tidspunkt></sdi:OpdaterSagIndeks>"
)
REMOVAL = f"<sdi:SagUuid><sd:UUIDIdentifikator>{UUID}</sd:UUIDIdentifikator></sdi:SagUuid>"
MESSAGES = {
    "whole": wrapped(*index(case(progress=states(*BEGUN)))),
    "change": wrapped(UPDATE, version=V6, name="sdi:OpdaterSagDokumentIndeksInput"),
    "removal": wrapped(REMOVAL, version=V6, name="sdi:FjernSagDokumentIndeksInput"),
}


def plans(folder: Path, capsys: pytest.CaptureFixture[str], *names: str) -> list[dict[str, object]]:
    files = []
    for name in names:
        files.append(str(folder / f"{name}.xml"))
        (folder / f"{name}.xml").write_bytes(MESSAGES[name])
    parser = argparse.ArgumentParser()
    translate.arguments(parser)
    assert translate.run(parser.parse_args(files), Settings()) == 0
    entries = json.loads(capsys.readouterr().out)["entry"]
    return [one["resource"] for one in entries if one["resource"]["resourceType"] == "CarePlan"]


def test_they_are_one_case_in_any_order(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for order in permutations(("whole", "change")):
        (plan,) = plans(tmp_path, capsys, *order)
        assert (plan["status"], plan["period"]) == ("completed", {"start": START, "end": "2025-04-30T23:59:59+02:00"})
    (plan,) = plans(tmp_path, capsys, "removal", "whole")
    assert plan["status"] == "entered-in-error"


def test_alone_it_is_told_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(NamedByNumber) as told:
        plans(tmp_path, capsys, "change")
    assert told.value.where == "OpdaterSagDokumentIndeksInput/OpdaterSagIndeks/UUIDIdentifikator"
    assert "Send the whole of it first" in told.value.hint
