"""Client files: read strictly, every error with its line, private keys never."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.domain.identifier import CVR, FK_ORG, Identifier, learn
from gateway.errors import SettingsError
from gateway.inbound.clients import load, written
from gateway.inbound.keys import new_client_key, public_key
from gateway.inbound.scopes import Scope
from gateway.translate import spellings
from gateway.translate.rules.problems import Problems

MAPPINGS = Path(__file__).parents[2] / "mappings"
UUID = "7c1d9a50-3a43-4c6e-9a2e-5d7f1e0b4c10"
_, JWK = new_client_key()
GOOD = {
    "id": "odense-bosted",
    "name": "Odense, socialforvaltning",
    "organisation": {"system": "urn:oid:1.3.184", "value": "35209115", "name": "Odense Kommune"},
    "sector": "municipality",
    "role": "social",
    "purposes": ["TREAT", "COC"],
    "scopes": ["system/*.read", "system/Bundle.c"],
    "sends": ["odense"],
    "member_of": ["urn:oid:1.2.208.176.1.1|953741000016009"],
    "jwks": {"keys": [JWK]},
}


def put(folder: Path, name: str = "one.yaml", /, **changed: object) -> Path:
    made = {key: value for key, value in {**GOOD, **changed}.items() if value is not None}
    (folder / name).write_text(written(made), "utf-8")
    return folder


def errors(folder: Path) -> str:
    with pytest.raises(SettingsError) as told:
        load(folder)
    return told.value.text


def test_a_client_as_written_is_the_client_as_read(tmp_path: Path) -> None:
    (client,) = load(put(tmp_path))
    assert client.id == "odense-bosted"
    assert client.organisation == Identifier("http://cvr.dk", "35209115")
    assert client.organisation_name == "Odense Kommune"
    assert client.scopes == (Scope("*", "rs"), Scope("Bundle", "c"))
    assert client.purposes == ("TREAT", "COC")
    assert client.keys[0].key.thumbprint() == public_key(JWK).key.thumbprint()
    assert client.jku == ""


def test_no_folder_is_no_client(tmp_path: Path) -> None:
    assert len(load(tmp_path / "absent")) == 0


def test_what_a_person_writes(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(
        f"""
id: nemo   # a comment
name: Bostedet Nemo
organisation: {{system: "urn:oid:1.2.208.176.1.1", value: "0953741000016009"}}
sector: other
role: provider
purposes: [TREAT]
scopes:
  - system/CarePlan.rs
jwks:
  keys:
    - {{kty: EC, crv: P-384, kid: {JWK["kid"]}, x: {JWK["x"]}, y: {JWK["y"]}}}
""",
        "utf-8",
    )
    (client,) = load(tmp_path)
    assert client.organisation.value == "0953741000016009", "digits stay text"


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"id": "no spaces please"}, "one.yaml:1: id: letters"),
        ({"id": None}, "id must be a text"),
        ({"name": None}, "name must be a text"),
        ({"sector": "regoin"}, "unknown sector regoin (did you mean region?)"),
        ({"role": "socal"}, "unknown role socal (did you mean social?)"),
        ({"purposes": ["TREAT", "HPAYMNT"]}, "unknown purposes HPAYMNT (did you mean HPAYMT?)"),
        ({"scopes": ["system/CarePlan.sr"]}, "one.yaml:7: is not a scope"),
        ({"scopes": ["system/CarePlan.rs?x:y=z"]}, "is not a scope"),
        ({"scopes": ["system/CarePlan.rs?x=y"]}, "a parameter that this type is not searched by"),
        ({"scopes": ["system/CarePlan.rs?birthdate=2000"]}, "a parameter that this type is not searched by"),
        ({"bound": "tls"}, "unknown bound tls"),
        ({"introspects": "ja"}, "unknown introspects ja"),
        ({"limits": {"per_second": "0", "burst": "5"}}, "limits must hold"),
        ({"limits": {"per_second": "5"}}, "limits must hold"),
        ({"jku": "http://epj.example.dk/jwks.json"}, "jku must be an https URL"),
        ({"purposes": "TREAT"}, "purposes must be a list of texts"),
        ({"organisation": {"value": "1"}}, "organisation must have system and value"),
        ({"jwks": None}, "jwks must hold"),
        ({"jwks": {"keys": []}}, "jwks must hold"),
        ({"jwks": {"keys": [JWK, JWK]}}, "two keys of one type have this kid"),
        ({"jwks": {"keys": [{**JWK, "d": "c2VjcmV0"}]}}, "this key is a private key"),
        ({"jwks": {"keys": ["x"]}}, "this key is neither EC nor RSA"),
    ],
)
def test_errors_have_their_line(tmp_path: Path, changed: dict[str, object], told: str) -> None:
    found = errors(put(tmp_path, **changed))
    assert told in found
    assert "c2VjcmV0" not in found


def test_all_errors_of_all_files_at_once(tmp_path: Path) -> None:
    put(tmp_path, "a.yaml", role="x", sector="y")
    put(tmp_path, "b.yaml", id=None)
    found = errors(tmp_path)
    assert len(found.splitlines()) == 3
    assert "a.yaml" in found
    assert "b.yaml" in found


def test_one_client_has_one_file(tmp_path: Path) -> None:
    put(tmp_path, "a.yaml")
    put(tmp_path, "b.yaml")
    assert "b.yaml:1: stands in another file too" in errors(tmp_path)


def test_unknown_entries_and_entries_twice(tmp_path: Path) -> None:
    put(tmp_path)
    path = tmp_path / "one.yaml"
    path.write_text(path.read_text("utf-8") + "scope: [x]\nid: other\n", "utf-8")
    found = errors(tmp_path)
    assert "unknown entry scope (did you mean scopes?)" in found
    assert "stands here twice" in found


def test_what_is_no_yaml(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("id: [", "utf-8")
    (tmp_path / "b.yaml").write_bytes(b"\xff\xfe")
    (tmp_path / "c.yaml").write_text("- a list", "utf-8")
    found = errors(tmp_path)
    for name in ("a.yaml", "b.yaml", "c.yaml"):
        assert name in found


def test_a_client_and_a_source_of_one_organisation_meet(tmp_path: Path) -> None:
    """Whose own something is rests on the organisation's key: two spellings would be two legal worlds."""
    learn(spellings.read(MAPPINGS, Problems()))
    for name, system, value in (
        ("a", "urn:oid:1.3.198", "DK64942212"), ("b", CVR, "64 94 22 12"),
        ("c", "https://www.kombit.dk/organisation", f"urn:uuid:{UUID.upper()}"), ("d", FK_ORG, UUID),
    ):  # fmt: skip
        told = {
            "id": name, "name": name, "organisation": {"system": system, "value": value, "name": "København"},
            "sector": "municipality", "role": "social", "purposes": ["COC"], "scopes": ["system/*.rs"],
            "jwks": {"keys": [JWK]},
        }  # fmt: skip
        (tmp_path / f"{name}.yaml").write_text(written(told), "utf-8")
    keys = {one.id: one.organisation.key for one in load(tmp_path)}
    assert keys["a"] == keys["b"] == f"{CVR}|64942212"
    assert keys["c"] == keys["d"] == f"{FK_ORG}|{UUID}"
