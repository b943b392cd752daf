"""Encrypts assertions as an issuer does for its receivers (XML Encryption 1.1)."""

from __future__ import annotations

import base64
import os
from functools import lru_cache
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

XENC, XENC11, DS = (
    "http://www.w3.org/2001/04/xmlenc#",
    "http://www.w3.org/2009/xmlenc11#",
    "http://www.w3.org/2000/09/xmldsig#",
)
MGF1P, OAEP, RSA15 = f"{XENC}rsa-oaep-mgf1p", f"{XENC11}rsa-oaep", f"{XENC}rsa-1_5"
GCM, CBC = f"{XENC11}aes256-gcm", f"{XENC}aes256-cbc"
_HASHES = {
    "sha1": (f"{DS}sha1", hashes.SHA1), "sha256": (f"{XENC}sha256", hashes.SHA256),
    "sha384": ("http://www.w3.org/2001/04/xmldsig-more#sha384", hashes.SHA384),
    "sha512": (f"{XENC}sha512", hashes.SHA512),
}  # fmt: skip


@lru_cache(maxsize=4)
def receiver(number: int = 1) -> rsa.RSAPrivateKey:
    """A receiver's key."""
    return rsa.generate_private_key(65537, 2048)


def pem(*numbers: int) -> bytes:
    """Keys as they stand in a file."""
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return b"".join(receiver(number).private_bytes(*form) for number in numbers)


def encrypted_data(raw: bytes, key: bytes, cipher: str) -> bytes:
    if cipher.endswith("gcm"):
        nonce = os.urandom(12)
        return nonce + AESGCM(key).encrypt(nonce, raw, None)
    start, missing = os.urandom(16), 16 - len(raw) % 16
    encryptor = Cipher(algorithms.AES(key), modes.CBC(start)).encryptor()
    return start + encryptor.update(raw + os.urandom(missing - 1) + bytes([missing])) + encryptor.finalize()


def locked_key(key: bytes, number: int, transport: str, digest: str, mask: str, label: bytes, told: str = "") -> str:
    """An EncryptedKey."""
    taken, how = _HASHES[digest][1](), _HASHES[mask][1]()
    lock: Any = padding.PKCS1v15() if transport == RSA15 else padding.OAEP(padding.MGF1(how), taken, label or None)
    wrapped = receiver(number).public_key().encrypt(key, lock)
    parts = "" if transport == RSA15 else f'<ds:DigestMethod xmlns:ds="{DS}" Algorithm="{_HASHES[digest][0]}"/>'
    parts += f'<x11:MGF xmlns:x11="{XENC11}" Algorithm="{XENC11}mgf1{mask}"/>' if transport == OAEP else ""
    parts += f"<xenc:OAEPparams>{base64.b64encode(label).decode()}</xenc:OAEPparams>" if label else ""
    return (
        f'<xenc:EncryptedKey><xenc:EncryptionMethod Algorithm="{told or transport}">{parts}</xenc:EncryptionMethod>'
        f"<xenc:CipherData><xenc:CipherValue>{base64.b64encode(wrapped).decode()}</xenc:CipherValue></xenc:CipherData>"
        f"</xenc:EncryptedKey>"
    )


def locked(
    raw: bytes, *, numbers: tuple[int, ...] = (1,), cipher: str = GCM, transport: str = MGF1P, digest: str = "sha256",
    mask: str = "sha1", label: bytes = b"", beside: bool = False, size: int = 32, kind: str = f"{XENC}Element",
) -> bytes:  # fmt: skip
    """An EncryptedAssertion for these receivers."""
    key = os.urandom(size)
    keys = "".join(locked_key(key, number, transport, digest, mask, label) for number in numbers)
    value = base64.encodebytes(encrypted_data(raw, key, cipher)).decode()  # in lines, as many write it
    info = f'<ds:KeyInfo xmlns:ds="{DS}">{"" if beside else keys}</ds:KeyInfo>'
    return (
        f'<saml:EncryptedAssertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" xmlns:xenc="{XENC}">'
        f'<xenc:EncryptedData Type="{kind}"><xenc:EncryptionMethod Algorithm="{cipher}"/>{info}<xenc:CipherData>'
        f"<xenc:CipherValue>{value}</xenc:CipherValue></xenc:CipherData></xenc:EncryptedData>{keys if beside else ''}"
        f"</saml:EncryptedAssertion>"
    ).encode()
