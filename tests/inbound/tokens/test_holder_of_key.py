"""Holder-of-key assertions: worth something to whoever proves the key, in TLS or by the client's signature; no more."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from functools import lru_cache
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.errors import Unauthenticated
from tests.inbound.oauth_client import EC, RSA
from tests.inbound.tokens.issuing import Municipality, request
from tests.inbound.tokens.saml_issuer import NOW, certificate, document, signed, signer, stamp, token


@lru_cache
def holder(name: str) -> tuple[bytes, str]:
    """A certificate in DER and PEM: of a key of its own, or of the key that the client signs its assertions with."""
    key: Any = {"client": EC, "other client key": RSA}.get(name)
    made = certificate(key.private_key if key else ec.generate_private_key(ec.SECP256R1()), name)
    return made.public_bytes(Encoding.DER), made.public_bytes(Encoding.PEM).decode()


def info(*names: str) -> str:
    told = (base64.b64encode(holder(one)[0]).decode() for one in names)
    listed = "".join(f"<ds:X509Certificate>{one}</ds:X509Certificate>" for one in told)
    return f'<ds:KeyInfo xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X509Data>{listed}</ds:X509Data></ds:KeyInfo>'


def held(*infos: str, **more: Any) -> str:
    """An assertion that the holder of one of these keys may present."""
    return document(method="holder-of-key", held="".join(infos), **more)


def test_the_certificate_of_tls_confirms_and_binds() -> None:
    world = Municipality()
    status, body = world.ask(token(signed(held(info("epj")))), shown=holder("epj")[1])
    assert status == 200, body
    print_ = base64.urlsafe_b64encode(hashlib.sha256(holder("epj")[0]).digest()).rstrip(b"=").decode()
    assert world.tokens.read(body["access_token"])["cnf"] == {"x5t#S256": print_}
    assert world.ask(token(signed(held(info("epj")))), shown=holder("epj")[1])[0] == 400, "once"


def test_a_token_by_a_held_assertion_is_its_holders_alone() -> None:
    world = Municipality()
    _, body = world.ask(token(signed(held(info("epj")))), shown=holder("epj")[1])
    bearer = [f"Bearer {body['access_token']}"]
    assert asyncio.run(world.check.admit(bearer, request(holder("epj")[1]))).user_name == "Karen Lund"
    for shown in ("", holder("other")[1]):
        with pytest.raises(Unauthenticated):
            asyncio.run(world.check.admit(bearer, request(shown)))


def test_the_key_of_the_clients_own_signature_confirms() -> None:
    world = Municipality()
    status, body = world.ask(token(signed(held(info("client")))))
    assert status == 200, body
    assert "cnf" not in world.tokens.read(body["access_token"])


def test_one_of_several_holders_is_enough() -> None:
    assert Municipality().ask(token(signed(held(info("epj"), info("client")))))[0] == 200


def test_the_times_and_the_recipient_of_a_confirmation_may_be_left_out() -> None:
    whole = held(info("client"))
    data = whole[whole.index("<saml:SubjectConfirmationData") : whole.index("<ds:KeyInfo")]
    world = Municipality()
    assert world.ask(token(signed(whole.replace(data, "<saml:SubjectConfirmationData>"))))[0] == 200
    begun = data.replace(">", f' NotBefore="{stamp(NOW)}">')
    assert Municipality().ask(token(signed(whole.replace(data, begun))))[0] == 200, "a bearer's may not say so"


BAD: dict[str, Any] = {
    "nothing is shown": (held(info("epj")), ""),
    "another certificate": (held(info("epj")), "other"),
    "another key of the client than the one it has signed with": (held(info("other client key")), ""),
    "no key is told": (held(), "epj"),
    "two certificates in one place": (held(info("other", "epj")), "epj"),
    "a key by its value": (held(info("epj").replace("X509Certificate", "X509SKI")), "epj"),
    "a certificate that is none": (held(info("epj").replace("<ds:X509Certificate>", "<ds:X509Certificate>AAAA")), ""),
    "no base64": (held(info("epj").replace("<ds:X509Certificate>", "<ds:X509Certificate>!")), "epj"),
    "an empty certificate": (held(info()), "epj"),
    "for another recipient": (held(info("epj"), recipient="https://other.example"), "epj"),
    "confirmation is over": (held(info("epj"), confirmed=-60), "epj"),
    "confirmation is to come": (
        held(info("epj")).replace(" Recipient=", ' NotBefore="2035-01-01T00:00:00Z" Recipient='), "epj",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_whoever_is_not_the_holder_gets_nothing(name: str) -> None:
    xml, shown = BAD[name]
    world = Municipality()
    status, body = world.ask(token(signed(xml)), shown=holder(shown)[1] if shown else "")
    assert (status, body["error"]) == (400, "invalid_grant"), body
    assert not any(client.startswith("subject:") for client, _ in world.seen)


def test_another_signature_in_the_assertion_is_no_confirmation() -> None:
    """The certificate in the signature's own KeyInfo is the issuer's: it confirms nobody."""
    assert Municipality().ask(token(signed(held())), shown=signer(1)[1])[0] == 400
