"""Encrypted assertions: every way that is taken opens, every other is refused, and nobody learns what came out."""

from __future__ import annotations

import base64
import re
import time
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from gateway.errors import SettingsError
from gateway.inbound.tokens.exchange import EVEN_SECONDS
from gateway.store.unlocking import unlocker
from tests.inbound.tokens.issuing import Municipality
from tests.inbound.tokens.saml_issuer import document, signed, token
from tests.inbound.tokens.saml_locks import CBC, GCM, MGF1P, OAEP, RSA15, XENC, XENC11, locked, locked_key, pem


@pytest.fixture
def world(tmp_path: Path) -> Municipality:
    (tmp_path / "saml.pem").write_bytes(pem(1))
    return Municipality(unlock=unlocker(tmp_path / "saml.pem"))


GOOD: dict[str, dict[str, Any]] = {
    "GCM 256": {},
    "GCM 128": {"cipher": f"{XENC11}aes128-gcm", "size": 16},
    "CBC 256": {"cipher": CBC},
    "CBC 128": {"cipher": f"{XENC}aes128-cbc", "size": 16},
    "OAEP with SHA-1 (as KOMBIT has it)": {"digest": "sha1"},
    "OAEP of XML Encryption 1.1": {"transport": OAEP, "digest": "sha256", "mask": "sha256"},
    "OAEP with SHA-512 and a mask of SHA-384": {"transport": OAEP, "digest": "sha512", "mask": "sha384"},
    "OAEP with a label": {"label": b"faellesplan"},
    "the key beside what it opens": {"beside": True},
    "for another receiver, too": {"numbers": (2, 1)},
}


@pytest.mark.parametrize("name", GOOD)
def test_what_is_encrypted_for_us_opens(name: str, world: Municipality) -> None:
    status, body = world.ask(token(locked(signed(document()), **GOOD[name])))
    assert status == 200, body
    assert world.check.caller([f"Bearer {body['access_token']}"]).user_name == "Karen Lund"
    assert world.ask(token(locked(signed(document()), **GOOD[name])))[0] == 400, "the same one again, in a new lock"


def test_a_key_is_replaced_without_a_gap(tmp_path: Path) -> None:
    (tmp_path / "both.pem").write_bytes(pem(2, 1))
    world = Municipality(unlock=unlocker(tmp_path / "both.pem"))
    for number in (1, 2):
        assert world.ask(token(locked(signed(document(id=f"_{number}")), numbers=(number,))))[0] == 200


def changed(raw: bytes, where: str, at: int) -> bytes:
    """One bit of the content (`data`) or of the locked key (`key`) is another."""
    values = list(re.finditer(rb"<xenc:CipherValue>([^<]*)</xenc:CipherValue>", raw))
    match = values[-1 if where == "data" else 0]
    content = bytearray(base64.b64decode(match[1]))
    content[at] ^= 1
    return raw[: match.start(1)] + base64.b64encode(bytes(content)) + raw[match.end(1) :]


def put(raw: bytes, old: str, new: str) -> bytes:
    assert old.encode() in raw
    return raw.replace(old.encode(), new.encode(), 1)


def good(**more: Any) -> bytes:
    return locked(signed(document()), **more)


ALIKE: dict[str, Any] = {
    "for somebody else": lambda: good(numbers=(2,)),
    "content changed (GCM)": lambda: changed(good(), "data", 40),
    "tag changed (GCM)": lambda: changed(good(), "data", -1),
    "content changed (CBC)": lambda: changed(good(cipher=CBC), "data", 40),
    "padding changed (CBC)": lambda: changed(good(cipher=CBC), "data", -17),
    "key changed": lambda: changed(good(), "key", 3),
    "another label": lambda: put(good(label=b"ours"), base64.b64encode(b"ours").decode(), "eHg="),
    "a key of another length": lambda: good(cipher=GCM, size=16),
    "GCM taken for CBC": lambda: put(good(), GCM, CBC),
    "no content": lambda: re.sub(rb"(</ds:KeyInfo><xenc:CipherData><xenc:CipherValue>)[^<]*", rb"\1", good()),
    "not signed": lambda: locked(document().encode()),
    "signed by another": lambda: locked(signed(document(), 2)),
    "of an issuer that nobody knows": lambda: locked(signed(document(issuer="https://other.example"))),
    "two issuers": lambda: locked(put(signed(document()), "<saml:Subject>", "<saml:Issuer/><saml:Subject>")),
    "no XML": lambda: locked(b"Karen Lund, kbo-uuid"),
    "a document type inside": lambda: locked(b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/x">]>' + signed(document())),
    "encrypted twice": lambda: locked(good()),
    "signature wrapping inside": lambda: locked(
        signed(document()).replace(b"</saml:Assertion>", document(id="_evil").encode() + b"</saml:Assertion>")
    ),
}  # fmt: skip

REFUSED: dict[str, Any] = {
    "RSA 1.5": lambda: good(transport=RSA15),
    "RSA 1.5 beside OAEP": lambda: put(
        good(), "<xenc:EncryptedKey>", locked_key(b"k" * 32, 1, RSA15, "sha1", "sha1", b"") + "<xenc:EncryptedKey>"
    ),
    "a transport that nobody knows": lambda: put(
        good(), "<xenc:EncryptedKey>",
        locked_key(b"k" * 32, 1, MGF1P, "sha1", "sha1", b"", told="urn:x") + "<xenc:EncryptedKey>",
    ),
    "triple DES": lambda: put(good(cipher=CBC), CBC, f"{XENC}tripledes-cbc"),
    "a digest that is not taken": lambda: put(good(), f"{XENC}sha256", "http://www.w3.org/2001/04/xmldsig-more#md5"),
    "a mask that is not taken": lambda: put(good(transport=OAEP), "mgf1sha1", "mgf1md5"),
    "a label of a thousand letters and more": lambda: good(label=b"x" * 1025),
    "content elsewhere": lambda: put(
        good(), "<xenc:CipherData>", '<xenc:CipherReference URI="https://evil.example/"/><xenc:CipherData>'
    ),
    "no key": lambda: re.sub(rb"<xenc:EncryptedKey>.*</xenc:EncryptedKey>", b"", good()),
    "a hundred keys": lambda: good(numbers=(2,) * 100),
    "two contents": lambda: put(good(), "</xenc:EncryptedData>", '</xenc:EncryptedData><xenc:EncryptedData Type="x"/>'),
    "a text, not an element": lambda: good(kind=f"{XENC}Content"),
    "content that is no base64": lambda: re.sub(rb"(</ds:KeyInfo>(<xenc:Cipher[a-zA-Z]*>)*)", rb"\1!", good()),
    "a comment": lambda: put(good(), "<xenc:EncryptedData", "<!-- --><xenc:EncryptedData"),
    "a document type": lambda: b'<!DOCTYPE x SYSTEM "https://evil.example/">' + good(),
    "a signed response around it": lambda: b"<Response>" + good() + b"</Response>",
}  # fmt: skip


@pytest.mark.parametrize("name", ALIKE)
def test_whatever_does_not_open_is_told_alike(name: str, world: Municipality) -> None:
    subject, began = token(ALIKE[name]()), time.monotonic()
    status, body = world.ask(subject)
    assert time.monotonic() - began >= EVEN_SECONDS, "not sooner than any other"
    assert (status, body["error"]) == (400, "invalid_grant")
    told = "the encrypted assertion does not open, or no registered issuer has signed it"
    assert body["error_description"] == told
    assert not any(client.startswith("subject:") for client, _ in world.seen)


@pytest.mark.parametrize("name", REFUSED)
def test_what_nobody_tries_to_open(name: str, world: Municipality) -> None:
    status, body = world.ask(token(REFUSED[name]()))
    assert (status, body["error"]) == (400, "invalid_grant")
    assert "does not open" not in body["error_description"]
    assert not {"Karen", "kbo"} & set(re.findall(r"\w+", body["error_description"]))


def test_what_stands_beside_the_encrypted_one_is_never_read(world: Municipality) -> None:
    forged = document(user="somebody-else")
    status, body = world.ask(token(put(good(), "</saml:EncryptedAssertion>", forged + "</saml:EncryptedAssertion>")))
    assert status == 200, body
    assert world.check.caller([f"Bearer {body['access_token']}"]).user.endswith("|kbo-uuid")


def test_what_is_inside_is_held_against_everything_else(world: Municipality) -> None:
    for name, changes in {
        "audience": {"audience": "https://other.example"},
        "recipient": {"recipient": "https://other.example/token"},
        "time": {"seconds": -31},
        "level": {"level": "Low"},
    }.items():
        assert world.ask(token(locked(signed(document(**changes)))))[0] == 400, name


def test_without_a_key_none_is_opened() -> None:
    status, body = Municipality().ask(token(good()))
    assert (status, body["error_description"]) == (400, "encrypted assertions are not opened here")


def test_a_key_that_does_not_fit_stops_the_start(tmp_path: Path) -> None:
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)
    plain = serialization.NoEncryption()
    wrong = {
        "nothing": b"",
        "no PEM": b"-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----",
        "an EC key": ec.generate_private_key(ec.SECP256R1()).private_bytes(*form, plain),
        "a short key": rsa.generate_private_key(65537, 1024).private_bytes(*form, plain),
        "a key under lock": ec.generate_private_key(ec.SECP256R1()).private_bytes(
            *form, serialization.BestAvailableEncryption(b"secret")
        ),
        "a good one and a short one": pem(1) + rsa.generate_private_key(65537, 1024).private_bytes(*form, plain),
    }
    for name, content in wrong.items():
        (tmp_path / f"{name}.pem").write_bytes(content)
    for name in (*wrong, "no file"):
        with pytest.raises(SettingsError, match="GATEWAY_SAML_KEY"):
            unlocker(tmp_path / f"{name}.pem")


def test_oaep_is_what_it_says(world: Municipality) -> None:
    """A mask of another digest than told does not open: nothing is guessed."""
    raw = put(good(transport=OAEP, mask="sha256"), "mgf1sha256", "mgf1sha1")
    assert "does not open" in world.ask(token(raw))[1]["error_description"]
