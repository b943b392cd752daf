"""The key of the log: made once, kept closed, refused when it is something else."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from gateway.domain.checkpoint import note_key, open_note, parse_note, sign_note
from gateway.errors import SettingsError
from gateway.store import keys


def test_a_key_is_made_once_and_read_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "log.pem"
    first = keys.load_or_make(path, "log.example.dk")
    assert path.stat().st_mode & 0o777 == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["log.pem"]
    assert keys.load_or_make(path, "log.example.dk").vkey == first.vkey == keys.load(path, "log.example.dk").vkey


def test_many_who_make_it_at_once_agree(tmp_path: Path) -> None:
    path = tmp_path / "log.pem"
    with ThreadPoolExecutor(8) as pool:
        made = {key.vkey for key in pool.map(lambda _: keys.load_or_make(path, "a"), range(16))}
    assert made == {keys.load(path, "a").vkey}
    before = path.read_bytes()
    keys._write(path, keys.make("a"))
    assert path.read_bytes() == before, "a key is never overwritten"
    assert [file.name for file in tmp_path.iterdir()] == ["log.pem"]


def test_a_place_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(SettingsError):
        keys.load_or_make(tmp_path / "file" / "log.pem", "a")


def test_what_it_signs_verifies_as_a_note() -> None:
    key = keys.make("log.example.dk/x")
    note = parse_note(sign_note("text\n", key.public, key.sign))
    assert open_note(note, [note_key(key.vkey)], keys.verify) == (key.public,)
    assert key.origin == "log.example.dk/x"


def test_verify_is_false_for_anything_else() -> None:
    key = keys.make("a")
    signature = key.sign(b"text")
    assert keys.verify(key.public.public, signature, b"text")
    assert not keys.verify(key.public.public, signature, b"Text")
    assert not keys.verify(key.public.public, signature[:-1], b"text")
    assert not keys.verify(b"short", signature, b"text")
    assert not keys.verify(keys.make("a").public.public, signature, b"text")


@pytest.mark.parametrize("name", ["", "two words", "a+b", "a\n"])
def test_a_log_has_a_name_of_one_word(name: str) -> None:
    with pytest.raises(SettingsError):
        keys.make(name)


def test_another_file_is_refused(tmp_path: Path) -> None:
    def pem(key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey, secret: bytes = b"") -> bytes:
        lock = BestAvailableEncryption(secret) if secret else NoEncryption()
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)

    contents = {
        "empty": b"",
        "garbage": b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        "elliptic": pem(ec.generate_private_key(ec.SECP256R1())),
        "locked": pem(ed25519.Ed25519PrivateKey.generate(), b"secret"),
    }
    for name, content in contents.items():
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(SettingsError) as refused:
            keys.load_or_make(path, "a")
        assert refused.value.where == str(path)
        assert path.read_bytes() == content
    with pytest.raises(SettingsError):
        keys.load(tmp_path / "absent", "a")
    with pytest.raises(SettingsError):
        keys.load(tmp_path, "a")
