"""One signed SAML 2.0 assertion: verified, then read from the signed bytes alone.

OASIS saml-core-2.0 and saml-profiles-2.0 (bearer, holder of key), XML Signature as saml-core 5.4 narrows it. The ways
in which SAML was broken before are refused by shape, before any key is looked at: more than one assertion or signature,
a signature that is not the assertion's own child, an id that stands twice, comments and processing instructions (they
split texts), document types, character sets but UTF-8 (they hide all of these), transforms that can move content,
algorithms with SHA-1.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from lxml import etree
from signxml import SignatureConfiguration, XMLVerifier
from signxml.algorithms import DigestAlgorithm, SignatureMethod

from gateway.errors import GatewayError
from gateway.translate.xml import parse

SAML = "{urn:oasis:names:tc:SAML:2.0:assertion}"
DS = "{http://www.w3.org/2000/09/xmldsig#}"
BEARER = "urn:oasis:names:tc:SAML:2.0:cm:bearer"
HOLDER_OF_KEY = "urn:oasis:names:tc:SAML:2.0:cm:holder-of-key"
MOST_BYTES = 49_152  # in base64 it fits into a form of 64 KiB, which is what the token endpoint reads
SKEW = timedelta(seconds=30)
LONGEST = timedelta(hours=8)
_TRANSFORMS = (
    "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
)
_CANONICAL = "http://www.w3.org/2001/10/xml-exc-c14n#"
_OTHER_CHARSET = re.compile(rb"""\s*<\?xml[^>]*encoding\s*=\s*["'](?!utf-8["'])""", re.IGNORECASE)
_IDS = ("ID", "Id", "id", "{http://www.w3.org/XML/1998/namespace}id")
_METHODS = frozenset(
    {
        SignatureMethod.RSA_SHA256, SignatureMethod.RSA_SHA384, SignatureMethod.RSA_SHA512,
        SignatureMethod.ECDSA_SHA256, SignatureMethod.ECDSA_SHA384, SignatureMethod.ECDSA_SHA512,
    }
)  # fmt: skip
_DIGESTS = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})


class BadAssertion(ValueError):
    """The assertion does not hold. The text says which rule failed, without values."""


class NotAuthentic(BadAssertion):
    """Nobody who is known has signed it, as far as can be told: nothing in it was believed."""


Holds = Callable[[bytes], bool]
"""Whether who presents an assertion has proved to hold the key of this certificate (DER)."""


def holds_none(certificate: bytes) -> bool:
    """Whoever presents it has proved nothing."""
    return False


@dataclass(frozen=True, slots=True)
class Assertion:
    """What was signed. `attributes` are values by attribute name, in order; `expires` is when it may not be used any
    more, so that its id must be remembered until then. `holder` is the certificate (DER) of whoever alone may present
    it; empty for a bearer."""

    id: str
    issuer: str
    subject: str
    expires: datetime
    attributes: Mapping[str, tuple[str, ...]]
    holder: bytes = b""


def issuer_of(raw: bytes) -> str:
    """Who claims to have issued these bytes, to find the keys by: not believed yet. Raises NotAuthentic."""
    root = _opened(raw)
    try:
        return _text(root, "Issuer")
    except BadAssertion as error:
        raise NotAuthentic(str(error)) from None


def verified(
    raw: bytes, certificates: Sequence[str], issuer: str, audiences: Sequence[str], recipient: str, now: datetime,
    holds: Holds = holds_none,
) -> Assertion:  # fmt: skip
    """The assertion that one of these certificates (PEM) has signed, for one of these audiences, to be used at
    `recipient` now, by a bearer or by whoever `holds` its key. Raises BadAssertion, and before anything in it is
    believed NotAuthentic."""
    # 1. One assertion in one document, with one signature of its own.
    root = _opened(raw)
    signature = _own_signature(root)
    _check_reference(root, signature)

    # 2. The signature, by a certificate that was registered; what the signature says of keys is not asked.
    signed = _signed(raw, certificates)

    # 3. From here on only what was signed is read.
    if _text(signed, "Issuer") != issuer:
        raise BadAssertion("The issuer is another one")
    expires = _check_conditions(signed, audiences, now)
    confirmed, holder = _check_subject(signed, recipient, now, holds)
    if signed.find(f"{SAML}AuthnStatement") is None:
        raise BadAssertion("Nobody was authenticated: there is no AuthnStatement")
    attributes = _attributes(signed)
    return Assertion(
        id=signed.get("ID", ""),
        issuer=issuer,
        subject=_text(_one(signed, "Subject"), "NameID"),
        expires=min(expires, confirmed or expires) + SKEW,
        attributes=attributes,
        holder=holder,
    )


def document(raw: bytes, limit: int) -> etree._Element:
    """The root of a document with nothing in it that hides anything. Raises NotAuthentic."""
    if b"<!--" in raw or b"<!DOCTYPE" in raw or b"\0" in raw or raw.count(b"<?") > raw.startswith(b"<?xml"):
        raise NotAuthentic("Comments, processing instructions and document types are not accepted")
    if _OTHER_CHARSET.match(raw):
        raise NotAuthentic("Another character set than UTF-8 is not accepted")
    try:
        return parse(raw, limit=limit)
    except GatewayError as error:
        raise NotAuthentic(f"It is not XML that can be read: {error.text}") from None


def _opened(raw: bytes) -> etree._Element:
    """The root of a document that holds one assertion and nothing that hides anything. Nothing is believed yet."""
    root = document(raw, MOST_BYTES)
    if root.tag != f"{SAML}Assertion" or root.get("Version") != "2.0" or not root.get("ID"):
        raise NotAuthentic("It is not a SAML 2.0 assertion (a response is not taken)")
    inside = [element.tag for element in root.iter(tag=etree.Element)]
    if inside.count(f"{SAML}Assertion") != 1 or f"{SAML}EncryptedAssertion" in inside:
        raise NotAuthentic("There is more than one assertion")
    ids = [value for element in root.iter(tag=etree.Element) for name in _IDS if (value := element.get(name))]
    if len(ids) != len(set(ids)):
        raise NotAuthentic("An id stands twice")
    return root


def _own_signature(root: etree._Element) -> etree._Element:
    found = list(root.iter(f"{DS}Signature"))
    if not found:
        raise NotAuthentic("It is not signed")
    if len(found) != 1 or found[0].getparent() is not root or list(root.iter(f"{DS}Object")):
        raise NotAuthentic("The signature is not the one of the assertion itself")
    return found[0]


def _check_reference(root: etree._Element, signature: etree._Element) -> None:
    """The signature is about this very element, as a whole."""
    references = list(signature.iter(f"{DS}Reference"))
    if len(references) != 1 or references[0].get("URI") != f"#{root.get('ID')}":
        raise NotAuthentic("The signature is about something else")
    transforms = [one.get("Algorithm") for one in references[0].iter(f"{DS}Transform")]
    canonical = [one.get("Algorithm") for one in signature.iter(f"{DS}CanonicalizationMethod")]
    if tuple(transforms) != _TRANSFORMS or canonical != [_CANONICAL]:
        raise NotAuthentic("The signature transforms what it signs in a way that is not accepted")


def _signed(raw: bytes, certificates: Sequence[str]) -> etree._Element:
    """The element that was signed, read anew from what was hashed."""
    config = SignatureConfiguration(
        location="./", expect_references=1, signature_methods=_METHODS, digest_algorithms=_DIGESTS,
        ignore_ambiguous_key_info=True,
    )  # fmt: skip
    for certificate in certificates:
        try:
            found = XMLVerifier().verify(raw, x509_cert=certificate, id_attribute="ID", expect_config=config)
        except Exception:  # noqa: BLE001, S112 - whatever the library finds wrong, this certificate has not signed it
            continue
        signed = None if isinstance(found, list) else found.signed_xml
        if signed is not None and signed.tag == f"{SAML}Assertion":
            return signed
    raise NotAuthentic("The signature does not hold")


def _check_conditions(signed: etree._Element, audiences: Sequence[str], now: datetime) -> datetime:
    """For us, now, and for a short time. Gives when it expires."""
    conditions = _one(signed, "Conditions")
    known = {f"{SAML}AudienceRestriction", f"{SAML}OneTimeUse", f"{SAML}ProxyRestriction"}
    if {one.tag for one in conditions} - known:
        raise BadAssertion("It has a condition that is not understood")
    restrictions = conditions.findall(f"{SAML}AudienceRestriction")
    named = [{(one.text or "").strip() for one in each.findall(f"{SAML}Audience")} for each in restrictions]
    if not named or not all(each & set(audiences) for each in named):
        raise BadAssertion("It is for another audience")
    begins, ends = _time(conditions, "NotBefore"), _time(conditions, "NotOnOrAfter")
    issued = _time(signed, "IssueInstant")
    if ends is None or issued is None:
        raise BadAssertion("It does not say when it ends, or when it was issued")
    if now + SKEW < max(begins or issued, issued):
        raise BadAssertion("It is from the future")
    if ends + SKEW <= now:
        raise BadAssertion("It has expired")
    if ends > issued + LONGEST:
        raise BadAssertion("It is good for too long")
    return ends


def _check_subject(
    signed: etree._Element, recipient: str, now: datetime, holds: Holds
) -> tuple[datetime | None, bytes]:
    """Confirmed as bearer for this endpoint, or as holder of a key that was proved. Gives until when (None: as long as
    the assertion), and the holder's certificate."""
    for confirmation in _one(signed, "Subject").findall(f"{SAML}SubjectConfirmation"):
        told, method = confirmation.find(f"{SAML}SubjectConfirmationData"), confirmation.get("Method")
        if told is None:
            continue
        begins, ends = _time(told, "NotBefore"), _time(told, "NotOnOrAfter")
        if ends is not None and ends + SKEW <= now:
            continue
        if method == BEARER and told.get("Recipient") == recipient and ends is not None and begins is None:
            return ends, b""
        elsewhere = told.get("Recipient", recipient) != recipient
        if method != HOLDER_OF_KEY or elsewhere or (begins is not None and now + SKEW < begins):
            continue
        holder = next((one for one in _holders(told) if holds(one)), b"")
        if holder:
            return ends, holder
    raise BadAssertion("Its subject is not confirmed for this endpoint and this client, now")


def _holders(told: etree._Element) -> list[bytes]:
    """Whose keys confirm the subject (saml-profiles 3.1): the one certificate of each KeyInfo. A key that is told in
    another way is nobody's here."""
    found = []
    for info in told.findall(f"{DS}KeyInfo"):
        listed = list(info.iter(f"{DS}X509Certificate"))
        if len(listed) != 1:
            continue
        try:
            found.append(base64.b64decode("".join(_plain(listed[0]).split()), validate=True))
        except (binascii.Error, ValueError):
            continue
    return [one for one in found if one]


def _attributes(signed: etree._Element) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for statement in signed.findall(f"{SAML}AttributeStatement"):
        for attribute in statement.findall(f"{SAML}Attribute"):
            name = attribute.get("Name", "")
            values = tuple(_plain(value) for value in attribute.findall(f"{SAML}AttributeValue"))
            if name in found:
                raise BadAssertion("An attribute stands twice")
            found[name] = values
    return found


def _one(parent: etree._Element, name: str) -> etree._Element:
    found = parent.findall(f"{SAML}{name}")
    if len(found) != 1:
        raise BadAssertion(f"It must have one {name}")
    return found[0]


def _text(parent: etree._Element, name: str) -> str:
    text = _plain(_one(parent, name))
    if not text:
        raise BadAssertion(f"{name} is empty")
    return text


def _plain(element: etree._Element) -> str:
    """A text without anything in it; with elements in it, nothing is half read."""
    return "" if len(element) else (element.text or "").strip()


def _time(element: etree._Element, name: str) -> datetime | None:
    value = element.get(name)
    if value is None:
        return None
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise BadAssertion(f"{name} is not a time with its zone")
    return found
