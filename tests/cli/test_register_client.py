"""gateway register-client: a client's file as the gateway reads it, and nothing half done."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from gateway.cli import register_client
from gateway.domain.identifier import Identifier
from gateway.errors import SettingsError
from gateway.inbound.clients import Limits, load
from gateway.inbound.keys import new_client_key, public_key
from gateway.settings import Settings

WORDS = [
    *("--id", "odense-social", "--name", 'Odense, "sagssystem": æøå # ja'),
    *("--organisation", "http://cvr.dk|35209115", "--organisation-name", "Odense Kommune"),
    *("--sector", "municipality", "--role", "social", "--purpose", "TREAT", "--purpose", "HOPERAT"),
    *("--scope", "system/*.rs", "--scope", "system/Bundle.c", "--sends", "odense-ffb"),
    *("--member-of", "urn:oid:1.2.208.176.1.1|953741000016009"),
]


def call(folder: Path, *words: str) -> int:
    parser = argparse.ArgumentParser()
    register_client.arguments(parser)
    return register_client.run(parser.parse_args(words), Settings(clients_folder=folder))


def test_a_new_key(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder, pem = tmp_path / "new" / "clients", tmp_path / "secret.pem"
    assert call(folder, *WORDS, "--new-key", str(pem)) == 0
    (client,) = load(folder)
    assert (client.id, client.name) == ("odense-social", 'Odense, "sagssystem": æøå # ja')
    assert client.organisation == Identifier("http://cvr.dk", "35209115")
    assert (client.purposes, client.sends) == (("TREAT", "HOPERAT"), ("odense-ffb",))
    assert [str(scope) for scope in client.scopes] == ["system/*.rs", "system/Bundle.c"]
    assert pem.stat().st_mode & 0o777 == 0o600
    private = ECKey.import_key(pem.read_bytes())
    assert private.is_private
    assert private.thumbprint() in [key.kid for key in client.keys]
    assert "PRIVATE" not in (folder / "odense-social.yaml").read_text("utf-8")
    assert str(pem) in capsys.readouterr().out


def test_a_source_that_is_not_there_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = [*WORDS, "--sends", "koebenhavn-ffb", "--new-key", str(tmp_path / "secret.pem")]
    assert call(tmp_path / "clients", *words) == 0
    told = capsys.readouterr().out
    assert "There is no source odense-ffb yet: write mappings/sources/odense-ffb.yaml" in told
    assert "no source koebenhavn-ffb" not in told


@pytest.mark.parametrize("alone", [True, False])
def test_keys_of_its_own(tmp_path: Path, alone: bool) -> None:
    _, jwk = new_client_key()
    file = tmp_path / "jwks.json"
    file.write_text(json.dumps(jwk if alone else {"keys": [jwk]}), "utf-8")
    assert call(tmp_path / "clients", *WORDS, "--jwks", str(file)) == 0
    (client,) = load(tmp_path / "clients")
    assert client.keys[0].key.thumbprint() == public_key(jwk).key.thumbprint()


def test_keys_at_a_url_and_what_its_tokens_are_bound_to(tmp_path: Path) -> None:
    words = ["--jku", "https://epj.example.dk/jwks.json", "--bound", "dpop", "--limit", "50:200", "--introspects"]
    assert call(tmp_path, *WORDS, *words) == 0
    (client,) = load(tmp_path)
    assert (client.keys, client.jku, client.bound) == ((), "https://epj.example.dk/jwks.json", "dpop")
    assert (client.limits, client.introspects) == (Limits(50, 200), True)
    with pytest.raises(SettingsError, match="needs keys"):
        call(tmp_path / "none", *WORDS)


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    pem = tmp_path / "secret.pem"
    call(tmp_path, *WORDS, "--new-key", str(pem))
    before = pem.read_bytes()
    with pytest.raises(SettingsError):
        call(tmp_path, *WORDS, "--new-key", str(tmp_path / "other.pem"))
    assert not (tmp_path / "other.pem").exists()
    with pytest.raises(SettingsError):
        call(tmp_path / "elsewhere", *WORDS, "--new-key", str(pem))
    assert pem.read_bytes() == before


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--scope", "system/*.sr"], "is not a scope"),
        (["--scope", "system/Goal.rs?x=y"], "a parameter that this type is not searched by"),
        (["--limit", "50"], "limits must hold"),
        (["--limit", "0:5"], "limits must hold"),
        (["--jku", "http://epj.example.dk/jwks.json"], "jku must be an https URL"),
        (["--organisation", "35209115"], "organisation must have system and value"),
        (["--id", "../elsewhere"], "id: letters"),
        (["--id", "æ"], "id: letters"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_written(tmp_path: Path, words: list[str], told: str) -> None:
    folder = tmp_path / "clients"
    with pytest.raises(SettingsError) as refused:
        call(folder, *WORDS, *words, "--new-key", str(tmp_path / "secret.pem"))
    assert told in refused.value.told()
    assert [path.name for path in tmp_path.rglob("*")] == []


@pytest.mark.parametrize(
    "content", ["", "[", "{}", '{"keys": []}', '{"keys": ["x"]}', '{"kty": "oct", "k": "c2VjcmV0", "kid": "a"}']
)
def test_keys_that_do_not_fit(tmp_path: Path, content: str) -> None:
    file = tmp_path / "jwks.json"
    file.write_text(content, "utf-8")
    with pytest.raises(SettingsError) as refused:
        call(tmp_path / "clients", *WORDS, "--jwks", str(file))
    assert "c2VjcmV0" not in refused.value.told()
    with pytest.raises(SettingsError):
        call(tmp_path / "clients", *WORDS, "--jwks", str(tmp_path / "absent.json"))


def test_words_that_are_wrong(tmp_path: Path) -> None:
    for words in ([*WORDS, "--new-key", "a", "--jwks", "b"], ["--new-key", "a"], [*WORDS, "--role", "boss"]):
        with pytest.raises(SystemExit):
            call(tmp_path, *words)
