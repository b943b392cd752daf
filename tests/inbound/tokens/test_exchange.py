"""Token exchange of SAML assertions: one that holds, and a long list of those that do not."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any

import pytest
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod

from gateway.domain.limits import CaseAccess
from gateway.inbound.oauth import EXCHANGE
from tests.inbound.oauth_client import AUDIENCE, ISSUER, TOKEN_URL
from tests.inbound.tokens.issuing import KEYCLOAK, Municipality
from tests.inbound.tokens.saml_issuer import (
    KLE,
    NAME,
    NOW,
    attribute,
    document,
    group,
    privileges,
    signed,
    signer,
    stamp,
    token,
)  # fmt: skip

ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"
JWT = "urn:ietf:params:oauth:token-type:jwt"


def caller(world: Municipality, body: dict[str, Any]) -> Any:
    return world.check.caller([f"Bearer {body['access_token']}"])


def test_an_assertion_becomes_a_token_of_ours() -> None:
    world = Municipality()
    status, body = world.ask(token(signed(document())))
    assert status == 200, body
    assert body["issued_token_type"] == "urn:ietf:params:oauth:token-type:access_token"
    who = caller(world, body)
    assert (who.client, who.role, who.purposes) == ("kk-social", "social", ("COC",))
    assert (who.user, who.user_name) == (f"{NAME}|kbo-uuid", "Karen Lund")
    assert who.scopes == ("system/CarePlan.rs",)
    assert who.cases == ()


def test_clocks_may_differ_by_half_a_minute() -> None:
    assert Municipality().ask(token(signed(document(confirmed=-29))))[0] == 200
    assert Municipality().ask(token(signed(document(seconds=-29))))[0] == 200


def test_kle_constraints_narrow_the_cases() -> None:
    world = Municipality(cases=(CaseAccess("*", ("27", "32"), 1),))
    rights = privileges(group((KLE, "27.03.*, 16.06")))
    who = caller(world, world.ask(token(signed(document(rights=rights))))[1])
    assert who.cases == (CaseAccess("*", ("27.03",), 1),)
    world = Municipality()
    who = caller(world, world.ask(token(signed(document(rights=rights))))[1])
    assert who.cases == (CaseAccess("*", ("27.03", "16.06"), 2),)
    outside = Municipality(cases=(CaseAccess("*", ("85",), 1),))
    assert outside.ask(token(signed(document(rights=rights))))[1]["error"] == "invalid_grant"


def test_a_key_is_replaced_without_a_gap() -> None:
    world = Municipality(saml={"certificates": (signer(2)[1], signer(1)[1])})
    assert world.ask(token(signed(document(id="_1"))))[0] == 200
    assert world.ask(token(signed(document(id="_2"), 2)))[0] == 200


def test_an_assertion_is_exchanged_once() -> None:
    world = Municipality()
    raw = token(signed(document()))
    assert world.ask(raw)[0] == 200
    assert "used before" in world.ask(raw)[1]["error_description"]


def inside(raw: bytes, before: str, what: str) -> bytes:
    text = raw.decode()
    assert before in text
    return text.replace(before, what + before, 1).encode()


def forged(**changed: Any) -> str:
    """An assertion of the attacker's words, without a signature."""
    return document(user="somebody-else", **changed)


def wrapped(shape: str) -> bytes:
    """Signature wrapping: the signed assertion is moved where it is verified, the forged one is where it is read."""
    good = signed(document()).decode()
    signature = re.search(r"<ds:Signature.*</ds:Signature>", good, re.DOTALL)
    assert signature
    bare = good.replace(signature[0], "")
    if shape == "original in an Object of the signature":
        held = signature[0].replace("</ds:Signature>", f"<ds:Object>{bare}</ds:Object></ds:Signature>")
        return forged(id="_evil").replace("</saml:Assertion>", f"{held}</saml:Assertion>").encode()
    if shape == "original inside the forged one":
        return forged(id="_evil").replace("</saml:Assertion>", f"{good}</saml:Assertion>").encode()
    if shape == "forged inside the original":
        return good.replace("</saml:Assertion>", f"{forged(id='_evil')}</saml:Assertion>").encode()
    if shape == "both under one root":
        return f"<both>{forged(id='_evil')}{good}</both>".encode()
    if shape == "the same id twice":
        held = f'<x ID="_a1">{signature[0]}</x>'
        return forged().replace("</saml:Assertion>", f"{held}</saml:Assertion>").encode()
    return forged().replace("</saml:Assertion>", f"{signature[0]}</saml:Assertion>").encode()


DIGEST = rb"<ds:DigestValue>[^<]*"
BAD: dict[str, Any] = {
    "not signed": lambda: document().encode(),
    "signed by another key": lambda: signed(document(), 2),
    "changed after it was signed": lambda: signed(document()).replace(b"kbo-uuid", b"kbo-uuie"),
    "an attribute put in after it was signed": lambda: inside(
        signed(document()), "</saml:AttributeStatement>", attribute("x", "y")
    ),
    **{
        f"wrapping: {shape}": (lambda shape=shape: wrapped(shape))
        for shape in (
            "original in an Object of the signature", "original inside the forged one", "forged inside the original",
            "both under one root", "the same id twice", "a signature of another",
        )
    },
    "two signatures": lambda: signed(signed(document()).decode()),
    "a comment in a text": lambda: signed(document()).replace(b"kbo-uuid", b"kbo<!-- -->-uuid"),
    "a comment in a name": lambda: signed(document(user="kbo-uuid.evil")).replace(b".evil", b"<!---->.evil"),
    "a processing instruction": lambda: inside(signed(document()), "<saml:Conditions", "<?x y?>"),
    "a document type": lambda: b'<!DOCTYPE x [<!ENTITY e "kbo-uuid">]>' + signed(document()),
    "a document type of a file": lambda: b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/x">]>' + signed(document()),
    "a document type from elsewhere": lambda: b'<!DOCTYPE x SYSTEM "https://evil.example/x.dtd">' + signed(document()),
    "an entity of parameters": lambda: b'<!DOCTYPE x [<!ENTITY % p SYSTEM "file:///x"> %p;]>' + signed(document()),
    "laughs by the billion": lambda: (
        b'<!DOCTYPE x [<!ENTITY a "ha">' + b"".join(b'<!ENTITY a%d "%s">' % (n, b"&a;" * 10) for n in range(9)) + b"]>"
        + signed(document())
    ),
    "a document type that UTF-7 hides": lambda: (
        b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE x+AD4-' + signed(document())
    ),
    "a comment that UTF-7 hides": lambda: (
        b'<?xml version="1.0" encoding="UTF-7"?>' + signed(document()).replace(b"kbo-uuid", b"kbo+ADwAIQ--x--+AD4-uuid")
    ),
    "another character set": lambda: b"<?xml version='1.0' encoding='iso-8859-1' ?>" + signed(document()),
    "something included (XInclude)": lambda: signed(
        document(user='<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/hostname"/>')
    ),
    "a signature about nothing": lambda: signed(document()).replace(b'URI="#_a1"', b'URI=""'),
    "a signature about another document": lambda: signed(document()).replace(b'URI="#_a1"', b'URI="https://x.example"'),
    "a signature about what XPointer says": lambda: signed(document()).replace(
        b'URI="#_a1"', b"URI=\"#xpointer(id('_a1'))\""
    ),
    "a digest of another assertion": lambda: re.sub(
        DIGEST, re.findall(DIGEST, signed(document(id="_b")))[0], signed(document())
    ),
    "MAC instead of a signature": lambda: signed(document()).replace(
        b"http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", b"http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"
    ),
    "the attacker's certificate in it": lambda: signed(document(user="somebody-else"), 3),
    "not before is to come": lambda: signed(
        document().replace(f'NotBefore="{stamp(NOW - timedelta(seconds=5))}"', 'NotBefore="2035-01-01T00:00:00Z"')
    ),
    "nothing says when it ends": lambda: signed(
        document().replace(f' NotOnOrAfter="{stamp(NOW + timedelta(seconds=300))}"', "")
    ),
    "confirmed for nobody": lambda: signed(re.sub(r"<saml:SubjectConfirmation .*(?=</saml:Subject>)", "", document())),
    "sender vouches": lambda: signed(document(method="sender-vouches")),
    "no subject": lambda: signed(re.sub(r"<saml:Subject>.*</saml:Subject>", "", document())),
    "no conditions": lambda: signed(re.sub(r"<saml:Conditions.*</saml:Conditions>", "", document())),
    "no id": lambda: signed(document()).replace(b' ID="_a1"', b""),
    "an entity that expands": lambda: b'<!DOCTYPE x [<!ENTITY e "kbo-uuid">]>'
    + signed(document()).replace(b"kbo-uuid", b"&e;"),
    "an element in a text": lambda: signed(document(user="<b>kbo</b>-uuid")),
    "wrong audience": lambda: signed(document(audience="https://other.example")),
    "no audience": lambda: signed(document(audience="")),
    "one audience of two restrictions is another's": lambda: signed(
        document(
            conditions="<saml:AudienceRestriction><saml:Audience>https://x.example</saml:Audience></saml:AudienceRestriction>"
        )
    ),
    "a condition that is not understood": lambda: signed(document(conditions="<saml:Condition/>")),
    "for another recipient": lambda: signed(document(recipient="https://other.example/token")),
    "holder of key": lambda: signed(document(method="holder-of-key")),
    "confirmation is over": lambda: signed(document(confirmed=-30)),
    "a bearer's confirmation that begins": lambda: signed(
        document().replace(" Recipient=", f' NotBefore="{stamp(NOW - timedelta(hours=1))}" Recipient=')
    ),
    "expired": lambda: signed(document(seconds=-31)),
    "from the future": lambda: signed(document(begins=120)),
    "good for a day": lambda: signed(document(seconds=86_400)),
    "old, and good for a day": lambda: signed(
        document(now=NOW - timedelta(hours=12), seconds=86_400, confirmed=86_400)
    ),
    "time without a zone": lambda: signed(
        document().replace(f'"{stamp(NOW + timedelta(seconds=300))}">', '"2025-03-14T10:00:00">')
    ),
    "another issuer": lambda: signed(document(issuer="https://other.example")),
    "an issuer that gives JWTs": lambda: signed(document(issuer=KEYCLOAK)),
    "two issuers": lambda: signed(
        document().replace("</saml:Issuer>", f"</saml:Issuer><saml:Issuer>{NAME}</saml:Issuer>")
    ),
    "nobody was authenticated": lambda: signed(document(authn=False)),
    "SAML 1.1": lambda: signed(document(version="1.1")),
    "a response around it": lambda: b"<Response>" + signed(document()) + b"</Response>",
    "level is low": lambda: signed(document(level="Low")),
    "level is not known": lambda: signed(document(level="Very high")),
    "no level": lambda: signed(document(level="")),
    "another organisation": lambda: signed(document(cvr="64942213")),
    "an organisation that is no CVR": lambda: signed(document(cvr="6494221")),
    "two users": lambda: signed(
        document().replace("kbo-uuid<", "kbo-uuid</saml:AttributeValue><saml:AttributeValue>other<")
    ),
    "an attribute twice": lambda: signed(
        document(extra=attribute("https://data.gov.dk/model/core/eid/professional/cvr", "64942212"))
    ),
    "user with a bar": lambda: signed(document(user="http://cvr.dk|64942212")),
    "another role": lambda: signed(document(rights=privileges(group(role="urn:other")))),
    "role for another organisation": lambda: signed(document(rights=privileges(group(cvr="64942213")))),
    "a constraint that is not understood": lambda: signed(
        document(rights=privileges(group(("http://sts.kombit.dk/constraints/moon/1", "full"))))
    ),
    "a KLE constraint that is none": lambda: signed(document(rights=privileges(group((KLE, "27.03; 28"))))),
    "privileges that are no base64": lambda: signed(document(rights="!")),
    "privileges with a document type": lambda: signed(
        document(rights="PCFET0NUWVBFIHggW10+PFByaXZpbGVnZUxpc3QvPg==")
    ),
    "RSA-less SHA-1 digest": lambda: signed(document()).replace(
        b"http://www.w3.org/2001/04/xmlenc#sha256", b"http://www.w3.org/2000/09/xmldsig#sha1"
    ),
    "canonicalised with comments": lambda: signed(
        document(), canonical=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0_WITH_COMMENTS
    ),
    "inclusive canonicalisation": lambda: signed(document(), canonical=CanonicalizationMethod.CANONICAL_XML_1_1),
    "an XSLT among the transforms": lambda: inside(
        signed(document()), "</ds:Transforms>", '<ds:Transform Algorithm="http://www.w3.org/TR/1999/REC-xslt-19991116"/>'
    ),
    "nothing": lambda: b"",
    "not XML": lambda: b"eyJhbGciOiJub25lIn0",
    "in UTF-16": lambda: document().encode("utf-16"),
    "too large": lambda: signed(document(user="x" * 300_000)),
    "deep nesting": lambda: (b"<a>" * 5000) + (b"</a>" * 5000),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_assertion_is_refused(name: str) -> None:
    world = Municipality()
    status, body = world.ask(token(BAD[name]()))
    assert (status, body["error"]) == (400, "invalid_grant"), body
    assert "access_token" not in body
    told = body["error_description"]
    assert told.isascii()
    assert not {"Karen", "kbo", "64942212", "evil"} & set(re.findall(r"\w+", told))
    assert [granted for _, granted, _ in world.records] == [False]
    assert not any(client.startswith("subject:") for client, _ in world.seen), "nobody else's assertion is burnt"


def test_algorithms_that_are_taken() -> None:
    for number, digest in enumerate((DigestAlgorithm.SHA384, DigestAlgorithm.SHA512)):
        raw = signed(document(id=f"_{number}"), algorithm=SignatureMethod.ECDSA_SHA384, digest=digest)
        assert Municipality().ask(token(raw))[0] == 200


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": ID_TOKEN},
        {"kind": JWT},
        {"actor_token": "x"},
        {"requested_token_type": "urn:ietf:params:oauth:token-type:refresh_token"},
        {"resource": "https://other.example"},
        {"audience": "https://other.example"},
        {"audience": f"{AUDIENCE} https://other.example"},
        {"audience": ""},
        {"scope": "system/Observation.rs"},
        {"scope": None},
    ],
)
def test_a_good_assertion_in_a_request_that_asks_for_something_else(changed: dict[str, Any]) -> None:
    world = Municipality()
    kind = {"kind": changed.pop("kind")} if "kind" in changed else {}
    status, body = world.ask(token(signed(document())), **kind, **changed)
    assert status == 400
    assert "access_token" not in body


@pytest.mark.parametrize("audience", [AUDIENCE, ISSUER])
def test_a_token_may_be_asked_for_here(audience: str) -> None:
    assert Municipality().ask(token(signed(document())), audience=audience)[0] == 200


def test_whom_a_token_cannot_be_for_is_told_so() -> None:
    status, body = Municipality().ask(token(signed(document())), audience="https://other.example")
    assert (status, body["error"]) == (400, "invalid_target")
    assert "other.example" not in str(body)


def test_the_client_must_be_the_one_of_the_row_and_prove_itself() -> None:
    other = Municipality(id="other")
    assertion = other.assertion(iss="other", sub="other")
    form = {"grant_type": EXCHANGE, "subject_token": token(signed(document()))}
    told = asyncio.run(
        other.endpoint.answer(
            other.form(assertion, subject_token_type="urn:ietf:params:oauth:token-type:saml2", **form)
        )
    )
    assert told[1]["error"] == "invalid_grant"
    nobody = Municipality()
    told = asyncio.run(nobody.endpoint.answer(nobody.form("x.y.z", **form)))
    assert told[1]["error"] == "invalid_client"


def test_audience_and_recipient_are_ours() -> None:
    assert Municipality().ask(token(signed(document(audience=TOKEN_URL))))[0] == 200
    named = Municipality(saml={"audience": "https://entity.example"})
    assert named.ask(token(signed(document(audience="https://entity.example"))))[0] == 200
    assert named.ask(token(signed(document(id="_b", audience=ISSUER))))[0] == 400
