"""An encrypted SAML 2.0 assertion (saml-core 2.3.4): which keys lock what, by which algorithms; opened by `unlock`.

XML Encryption 1.1. The key is locked by RSA-OAEP, the assertion by AES-GCM or AES-CBC; RSA 1.5 is refused before any
key is tried (Bleichenbacher), and nothing is ever fetched (CipherReference). AES-CBC says nothing of who has made it:
what comes out is believed by the signature inside alone, and whoever calls tells every failure until then alike
(Jager and Somorovsky, 2011).
"""

from __future__ import annotations

import base64
import binascii
from typing import Protocol

from lxml import etree

from gateway.translate.saml.assertion import DS, MOST_BYTES, SAML, BadAssertion, NotAuthentic, document

XENC = "{http://www.w3.org/2001/04/xmlenc#}"
XENC11 = "{http://www.w3.org/2009/xmlenc11#}"
_ELEMENT = "http://www.w3.org/2001/04/xmlenc#Element"
_MOST_KEYS = 4
_LONGEST_LABEL = 1024
_CIPHERS = {
    "http://www.w3.org/2001/04/xmlenc#aes128-cbc": "aes128-cbc",
    "http://www.w3.org/2001/04/xmlenc#aes192-cbc": "aes192-cbc",
    "http://www.w3.org/2001/04/xmlenc#aes256-cbc": "aes256-cbc",
    "http://www.w3.org/2009/xmlenc11#aes128-gcm": "aes128-gcm",
    "http://www.w3.org/2009/xmlenc11#aes192-gcm": "aes192-gcm",
    "http://www.w3.org/2009/xmlenc11#aes256-gcm": "aes256-gcm",
}
_OAEP = ("http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p", "http://www.w3.org/2009/xmlenc11#rsa-oaep")
_DIGESTS = {
    "http://www.w3.org/2000/09/xmldsig#sha1": "sha1",
    "http://www.w3.org/2001/04/xmlenc#sha256": "sha256",
    "http://www.w3.org/2001/04/xmldsig-more#sha384": "sha384",
    "http://www.w3.org/2001/04/xmlenc#sha512": "sha512",
}
_MASKS = {f"http://www.w3.org/2009/xmlenc11#mgf1{name}": name for name in ("sha1", "sha256", "sha384", "sha512")}


class Unlock(Protocol):
    """Opens `content` with the key that `wrapped` holds for us. Raises ValueError when none of our keys does."""

    def __call__(
        self, wrapped: bytes, content: bytes, *, cipher: str, digest: str, mask: str, label: bytes
    ) -> bytes: ...


def is_one(raw: bytes) -> bool:
    """Whether these bytes are an encrypted assertion. Raises NotAuthentic for what is no XML to be read at all."""
    return document(raw, _most()).tag == f"{SAML}EncryptedAssertion"


def opened(raw: bytes, unlock: Unlock) -> bytes:
    """The assertion inside: not believed yet. Raises NotAuthentic when none of our keys opens it, and BadAssertion for
    what nobody is to try to open."""
    root = document(raw, _most())
    held = [one for one in root if one.tag == f"{XENC}EncryptedData"]
    if len(held) != 1 or held[0].get("Type") != _ELEMENT or list(root.iter(f"{XENC}CipherReference")):
        raise BadAssertion("It must hold one encrypted element, with its content beside it")
    keys = list(root.iter(f"{XENC}EncryptedKey"))
    if not 0 < len(keys) <= _MOST_KEYS:
        raise BadAssertion(f"It must hold one key, or one for each of at most {_MOST_KEYS} receivers")
    cipher = _CIPHERS.get(_method(held[0]).get("Algorithm", ""))
    if cipher is None:
        raise BadAssertion("It is encrypted by another algorithm than AES in GCM or CBC")
    content = _value(held[0])
    locks = [(_value(key), *_oaep(_method(key))) for key in keys]
    for wrapped, digest, mask, label in locks:
        try:
            return unlock(wrapped, content, cipher=cipher, digest=digest, mask=mask, label=label)
        except ValueError:
            continue
    raise NotAuthentic("It does not open with a key of ours")


def _most() -> int:
    return MOST_BYTES * 3 // 2  # base64, and what is written around it


def _method(locked: etree._Element) -> etree._Element:
    found = locked.findall(f"{XENC}EncryptionMethod")
    if len(found) != 1:
        raise BadAssertion("It does not say how it is encrypted")
    return found[0]


def _oaep(method: etree._Element) -> tuple[str, str, bytes]:
    """Digest, mask digest and label of RSA-OAEP (XML Encryption 1.1, 5.5.2)."""
    name = method.get("Algorithm", "")
    if name not in _OAEP:
        raise BadAssertion("Its key is locked by another algorithm than RSA-OAEP")
    digest = _DIGESTS.get(_named(method, f"{DS}DigestMethod", "http://www.w3.org/2000/09/xmldsig#sha1"))
    told = _named(method, f"{XENC11}MGF", "http://www.w3.org/2009/xmlenc11#mgf1sha1")
    mask = _MASKS.get(told) if name == _OAEP[1] else "sha1"
    label = _decoded(method.findtext(f"{XENC}OAEPparams") or "")
    if digest is None or mask is None or len(label) > _LONGEST_LABEL:
        raise BadAssertion("Its key is locked in a way that is not taken")
    return digest, mask, label


def _named(method: etree._Element, tag: str, usual: str) -> str:
    found = method.findall(tag)
    return usual if not found else found[0].get("Algorithm", "") if len(found) == 1 else ""


def _value(locked: etree._Element) -> bytes:
    found = locked.findall(f"{XENC}CipherData/{XENC}CipherValue")
    if len(found) != 1 or len(found[0]):
        raise BadAssertion("It must hold one value in each place")
    return _decoded(found[0].text or "")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        raise BadAssertion("What is encrypted is not base64") from None
