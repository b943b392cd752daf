"""A SAML issuer of the tests: it signs assertions as KOMBIT's Context Handler shapes them."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from lxml import etree
from signxml import XMLSigner, methods
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod

from tests.inbound.oauth_client import ISSUER, TOKEN_URL

NAME = "https://saml.adgangsstyring.example.dk"
ROLE = "http://faellesplan.example.dk/roles/usersystemrole/sagsbehandler/1"
CVR = "64942212"
NOW = datetime(2025, 3, 14, 9, 0, tzinfo=UTC)
EXCLUSIVE = CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0


@lru_cache(maxsize=4)
def signer(number: int) -> tuple[Any, str]:
    """A key and its certificate in PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    made = certificate(key, f"Issuer {number}", number)
    return key, made.public_bytes(serialization.Encoding.PEM).decode()


def certificate(key: Any, name: str, number: int = 1) -> x509.Certificate:
    """A certificate that a key has signed for itself."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(number)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2045, 1, 1, tzinfo=UTC))
        .sign(key, hashes.SHA256())
    )


def privileges(*groups: str) -> str:
    """A PrivilegeList of OIO BPP in base64."""
    made = "".join(groups) or group()
    xml = f'<bpp:PrivilegeList xmlns:bpp="http://digst.dk/oiosaml/basic_privilege_profile">{made}</bpp:PrivilegeList>'
    return base64.b64encode(xml.encode()).decode()


def group(*constraints: tuple[str, str], role: str = ROLE, cvr: str = CVR) -> str:
    limits = "".join(f'<Constraint Name="{name}">{value}</Constraint>' for name, value in constraints)
    scope = f"urn:dk:gov:saml:cvrNumberIdentifier:{cvr}"
    return f'<PrivilegeGroup Scope="{scope}">{limits}<Privilege>{role}</Privilege></PrivilegeGroup>'


KLE = "http://sts.kombit.dk/constraints/KLE/1"


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def attribute(name: str, *values: str) -> str:
    told = "".join(f"<saml:AttributeValue>{value}</saml:AttributeValue>" for value in values)
    return f'<saml:Attribute Name="{name}">{told}</saml:Attribute>'


def document(
    *, id: str = "_a1", now: datetime = NOW, issuer: str = NAME, audience: str = ISSUER, recipient: str = TOKEN_URL,
    cvr: str = CVR, level: str = "Substantial", rights: str = "", user: str = "kbo-uuid", seconds: int = 300,
    extra: str = "", conditions: str = "", authn: bool = True, method: str = "bearer", version: str = "2.0",
    begins: int = -5, confirmed: int = 300, held: str = "",
) -> str:  # fmt: skip
    """An assertion before it is signed."""
    ends = stamp(now + timedelta(seconds=seconds))
    statement = f'<saml:AuthnStatement AuthnInstant="{stamp(now)}"/>' if authn else ""
    restriction = f"<saml:AudienceRestriction><saml:Audience>{audience}</saml:Audience></saml:AudienceRestriction>"
    data = f'NotOnOrAfter="{stamp(now + timedelta(seconds=confirmed))}" Recipient="{recipient}"'
    return (
        f'<saml:Assertion xmlns:saml="urn:oasis:names:tc:SAML:2.0:assertion" ID="{id}" Version="{version}"'
        f' IssueInstant="{stamp(now + timedelta(seconds=begins))}"><saml:Issuer>{issuer}</saml:Issuer>'
        f"<saml:Subject><saml:NameID>C=DK,O={cvr},CN=Karen Lund,Serial=1</saml:NameID>"
        f'<saml:SubjectConfirmation Method="urn:oasis:names:tc:SAML:2.0:cm:{method}">'
        f"<saml:SubjectConfirmationData {data}>{held}</saml:SubjectConfirmationData>"
        f"</saml:SubjectConfirmation></saml:Subject>"
        f'<saml:Conditions NotBefore="{stamp(now + timedelta(seconds=begins))}" NotOnOrAfter="{ends}">'
        f"{restriction if audience else ''}{conditions}</saml:Conditions>{statement}<saml:AttributeStatement>"
        + attribute("https://data.gov.dk/model/core/eid/professional/cvr", cvr)
        + attribute("https://data.gov.dk/model/core/eid/fullName", "Karen Lund")
        + attribute("https://data.gov.dk/model/core/eid/professional/uuid/persistent", user)
        + attribute("https://data.gov.dk/concept/core/nsis/loa", level)
        + attribute("https://data.gov.dk/model/core/eid/privilegesIntermediate", rights or privileges())
        + f"{extra}</saml:AttributeStatement></saml:Assertion>"
    )


def signed(
    xml: str, number: int = 1, *, algorithm: Any = SignatureMethod.ECDSA_SHA256, digest: Any = DigestAlgorithm.SHA256,
    canonical: Any = EXCLUSIVE, reference: str = "",
) -> bytes:  # fmt: skip
    """The assertion with its signature, behind the issuer as SAML has it."""
    key, certificate = signer(number)
    root = etree.fromstring(xml.encode())
    made = XMLSigner(
        method=methods.enveloped, signature_algorithm=algorithm, digest_algorithm=digest, c14n_algorithm=canonical
    ).sign(root, key=key, cert=certificate, reference_uri=reference or root.get("ID"), id_attribute="ID")
    return bytes(etree.tostring(made))


def token(raw: bytes) -> str:
    """As token exchange sends it."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
