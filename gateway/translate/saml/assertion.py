"""One signed SAML 2.0 assertion: verified, then read from the signed bytes alone.

OASIS saml-core-2.0 and saml-profiles-2.0 (bearer), XML Signature as saml-core 5.4 narrows it. The ways in which SAML
was broken before are refused by shape, before any key is looked at: more than one assertion or signature, a signature
that is not the assertion's own child, an id that stands twice, comments and processing instructions (they split texts),
document types, transforms that can move content, algorithms with SHA-1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
MOST_BYTES = 262_144
SKEW = timedelta(seconds=30)
LONGEST = timedelta(hours=8)
_TRANSFORMS = (
    "http://www.w3.org/2000/09/xmldsig#enveloped-signature",
    "http://www.w3.org/2001/10/xml-exc-c14n#",
)
_CANONICAL = "http://www.w3.org/2001/10/xml-exc-c14n#"
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


@dataclass(frozen=True, slots=True)
class Assertion:
    """What was signed. `attributes` are values by attribute name, in order; `expires` is when it may not be used any
    more, so that its id must be remembered until then."""

    id: str
    issuer: str
    subject: str
    expires: datetime
    attributes: Mapping[str, tuple[str, ...]]


def issuer_of(raw: bytes) -> str:
    """Who claims to have issued these bytes, to find the keys by: not believed yet. Raises BadAssertion."""
    return _text(_opened(raw), "Issuer")


def verified(
    raw: bytes, certificates: Sequence[str], issuer: str, audiences: Sequence[str], recipient: str, now: datetime
) -> Assertion:
    """The assertion that one of these certificates (PEM) has signed, for one of these audiences, to be used at
    `recipient` now. Raises BadAssertion."""
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
    confirmed = _check_subject(signed, recipient, now)
    if signed.find(f"{SAML}AuthnStatement") is None:
        raise BadAssertion("Nobody was authenticated: there is no AuthnStatement")
    attributes = _attributes(signed)
    return Assertion(
        id=signed.get("ID", ""),
        issuer=issuer,
        subject=_text(_one(signed, "Subject"), "NameID"),
        expires=min(expires, confirmed) + SKEW,
        attributes=attributes,
    )


def _opened(raw: bytes) -> etree._Element:
    """The root of a document that holds one assertion and nothing that hides anything. Nothing is believed yet."""
    if b"<!--" in raw or b"<!DOCTYPE" in raw or b"\0" in raw or raw.count(b"<?") > raw.startswith(b"<?xml"):
        raise BadAssertion("Comments, processing instructions and document types are not accepted")
    try:
        root = parse(raw, limit=MOST_BYTES)
    except GatewayError as error:
        raise BadAssertion(f"It is not XML that can be read: {error.text}") from None
    if root.tag != f"{SAML}Assertion" or root.get("Version") != "2.0" or not root.get("ID"):
        raise BadAssertion("It is not a SAML 2.0 assertion (an encrypted one or a response is not taken)")
    inside = [element.tag for element in root.iter(tag=etree.Element)]
    if inside.count(f"{SAML}Assertion") != 1 or f"{SAML}EncryptedAssertion" in inside:
        raise BadAssertion("There is more than one assertion")
    ids = [value for element in root.iter(tag=etree.Element) for name in _IDS if (value := element.get(name))]
    if len(ids) != len(set(ids)):
        raise BadAssertion("An id stands twice")
    return root


def _own_signature(root: etree._Element) -> etree._Element:
    found = list(root.iter(f"{DS}Signature"))
    if not found:
        raise BadAssertion("It is not signed")
    if len(found) != 1 or found[0].getparent() is not root or list(root.iter(f"{DS}Object")):
        raise BadAssertion("The signature is not the one of the assertion itself")
    return found[0]


def _check_reference(root: etree._Element, signature: etree._Element) -> None:
    """The signature is about this very element, as a whole."""
    references = list(signature.iter(f"{DS}Reference"))
    if len(references) != 1 or references[0].get("URI") != f"#{root.get('ID')}":
        raise BadAssertion("The signature is about something else")
    transforms = [one.get("Algorithm") for one in references[0].iter(f"{DS}Transform")]
    canonical = [one.get("Algorithm") for one in signature.iter(f"{DS}CanonicalizationMethod")]
    if tuple(transforms) != _TRANSFORMS or canonical != [_CANONICAL]:
        raise BadAssertion("The signature transforms what it signs in a way that is not accepted")


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
    raise BadAssertion("The signature does not hold")


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


def _check_subject(signed: etree._Element, recipient: str, now: datetime) -> datetime:
    """Confirmed as bearer, for this endpoint. Gives until when."""
    for confirmation in _one(signed, "Subject").findall(f"{SAML}SubjectConfirmation"):
        told = confirmation.find(f"{SAML}SubjectConfirmationData")
        if confirmation.get("Method") != BEARER or told is None or told.get("Recipient") != recipient:
            continue
        ends = _time(told, "NotOnOrAfter")
        if ends is not None and now < ends + SKEW and told.get("NotBefore") is None:
            return ends
    raise BadAssertion("Its subject is not confirmed for this endpoint, now")


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
