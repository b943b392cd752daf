"""Which OIO cases a client may read, as it stands in its file."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pytest

from gateway.cli import register_client
from gateway.domain.identifier import CVR
from gateway.domain.limits import CaseAccess
from gateway.errors import SettingsError
from gateway.inbound.clients import load, written
from gateway.inbound.keys import new_client_key
from gateway.settings import Settings

_, JWK = new_client_key()
CLIENT = {
    "id": "kk-social", "name": "København", "organisation": {"system": CVR, "value": "64942212"},
    "sector": "municipality", "role": "social", "scopes": ["system/*.rs"], "jwks": {"keys": [JWK]},
}  # fmt: skip


def put(folder: Path, cases: Any) -> Path:
    (folder / "one.yaml").write_text(written(CLIENT | {"cases": cases}), "utf-8")
    return folder


def row(owner: str = "64942212", classes: Any = ("27",), sensitivity: str = "VIP_SAGER") -> dict[str, Any]:
    return {
        "owner": owner,
        "classes": list(classes) if not isinstance(classes, str) else classes,
        "sensitivity": sensitivity,
    }


def test_rows_of_owner_classes_and_level(tmp_path: Path) -> None:
    rows = [row(), row("*", ("27.51", "*"), "IKKE_FORTROLIGE_DATA")]
    (client,) = load(put(tmp_path, rows))
    assert client.cases == (CaseAccess(f"{CVR}|64942212", ("27",), 3), CaseAccess("*", ("27.51", "*"), 0))


@pytest.mark.parametrize(
    "wrong",
    [
        row(owner="København"), row(owner=f"{CVR}|64942212"), row(classes=()), row(classes="27"),
        row(sensitivity="HØJ"), {"owner": "64942212"}, row() | {"more": "x"}, "64942212",
    ],
)  # fmt: skip
def test_what_is_no_row_is_told_with_its_line_and_opens_nothing(tmp_path: Path, wrong: Any) -> None:
    with pytest.raises(SettingsError) as told:
        load(put(tmp_path, [row(), wrong]))
    assert "cases must be a list of {owner, classes, sensitivity}" in told.value.text
    assert ".yaml:" in told.value.text


def test_a_client_is_registered_with_them(tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    register_client.arguments(parser)
    words = [
        *("--id", "kk", "--name", "København", "--organisation", f"{CVR}|64942212", "--sector", "municipality"),
        *("--role", "social", "--scope", "system/*.rs", "--new-key", str(tmp_path / "key.pem")),
        *("--cases", "64942212|27,29.18|FOELSOMME_PERSONOPLYSNINGER", "--cases", "*|*|IKKE_FORTROLIGE_DATA"),
    ]
    settings = Settings(clients_folder=tmp_path / "clients")
    assert register_client.run(parser.parse_args(words), settings) == 0
    (client,) = load(tmp_path / "clients")
    assert client.cases == (CaseAccess(f"{CVR}|64942212", ("27", "29.18"), 2), CaseAccess("*", ("*",), 0))
    words[1], words[words.index(str(tmp_path / "key.pem"))] = "other", str(tmp_path / "other.pem")
    with pytest.raises(SettingsError):
        register_client.run(parser.parse_args([*words, "--cases", "64942212|27"]), settings)
