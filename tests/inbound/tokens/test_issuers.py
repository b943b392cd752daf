"""Issuers' files: read strictly, every error with its line; and whom a row lets in."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from joserfc.jwk import ECKey, OctKey, RSAKey

from gateway.domain.limits import CaseAccess
from gateway.errors import SettingsError
from gateway.inbound.clients import Clients
from gateway.inbound.keys import UnfitKey
from gateway.inbound.tokens.issuers import Issuer, NotAccepted, Row, accepted, issuer_key, load
from gateway.translate.saml.privileges import Right, Said
from tests.inbound.oauth_client import RSA
from tests.inbound.tokens.issuing import KEY, ORGANISATION, SOCIAL, jwk

ROW = {"organisation": ORGANISATION, "role": "sagsbehandler", "client": "kk-social", "purposes": ["COC"]}
GOOD: dict[str, Any] = {
    "issuer": "https://keycloak.example.dk/realms/kk",
    "format": "jwt",
    "algorithms": ["RS256"],
    "types": ["JWT"],
    "jwks": {"keys": [jwk(KEY, "k1")]},
    "level": "substantial",
    "claims": {"organisation": "cvr", "user": "sub", "roles": "realm_access.roles"},
    "accept": [ROW],
}
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


def put(folder: Path, name: str = "one.yaml", **changed: Any) -> Path:
    made = {key: value for key, value in {**GOOD, **changed}.items() if value is not None}
    told = json.dumps(made).replace('"seconds": 60', '"seconds": "60"')
    (folder / name).write_text(told, "utf-8")  # JSON is YAML
    return folder


def test_a_file_as_written_is_the_issuer_as_read(tmp_path: Path) -> None:
    (issuer,) = load(put(tmp_path, seconds=60))
    assert (issuer.id, issuer.level, issuer.seconds) == (GOOD["issuer"], "substantial", 60)
    assert issuer.rows == (Row(ORGANISATION, "sagsbehandler", "kk-social", ("COC",)),)
    assert [key.kid for key in issuer.keys] == ["k1"]
    saml = {"format": "saml2", "jwks": None, "claims": None, "algorithms": None, "certificates": [PEM]}
    (issuer,) = load(put(tmp_path, **saml))
    assert issuer.certificates == (PEM,)
    assert len(load(tmp_path / "absent")) == 0


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"issuer": None}, "issuer must be a text"),
        ({"format": "saml"}, "unknown format saml (did you mean saml2?)"),
        ({"algorithms": ["HS256"]}, "algorithms must be a list"),
        ({"algorithms": ["none"]}, "algorithms must be a list"),
        ({"algorithms": None}, "algorithms must be a list"),
        ({"level": "substantiel"}, "unknown level substantiel"),
        ({"seconds": "3601"}, "seconds must be a number"),
        ({"seconds": "soon"}, "seconds must be a number"),
        ({"jwks": None}, "give jwks_url or jwks"),
        ({"jwks_url": "https://x.example/jwks"}, "give jwks_url or jwks"),
        ({"jwks": None, "jwks_url": "http://x.example/jwks"}, "jwks_url must be an https URL"),
        ({"jwks": {"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "a"}]}}, "a key is a private key"),
        ({"format": "saml2"}, "certificates must be a list of PEM texts"),
        ({"format": "saml2", "certificates": ["MIIB"]}, "certificates must be a list of PEM texts"),
        ({"format": "opaque"}, "introspect must hold"),
        ({"format": "opaque", "introspect": {"url": "http://x", "client": "a", "secret": "b"}}, "introspect must hold"),
        ({"claims": {"user": "sub"}}, "claims must say where"),
        ({"claims": {**GOOD["claims"], "scope": "x"}}, "claims must say where"),
        ({"accept": None}, "accept must hold at least one row"),
        ({"accept": []}, "accept must hold at least one row"),
        ({"accept": [{**ROW, "purposes": "COC"}]}, "a row of accept holds"),
        ({"accept": [{**ROW, "role": ""}]}, "a row of accept holds"),
        ({"accept": [{**ROW, "sector": "region"}]}, "a row of accept holds"),
        ({"acept": []}, "unknown entry acept (did you mean accept?)"),
    ],
)
def test_errors_have_their_line(tmp_path: Path, changed: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load(put(tmp_path, **changed))
    assert told in refused.value.text
    assert "one.yaml:1" in refused.value.text
    assert "c2VjcmV0" not in refused.value.text


def test_an_issuer_has_one_file(tmp_path: Path) -> None:
    put(tmp_path, "a.yaml")
    with pytest.raises(SettingsError, match="another file"):
        load(put(tmp_path, "b.yaml"))


def test_only_one_issuer_is_opaque(tmp_path: Path) -> None:
    there = {"format": "opaque", "jwks": None, "introspect": {"url": "https://x/i", "client": "a", "secret": "B"}}
    (issuer,) = load(put(tmp_path, "a.yaml", **there))
    assert load(tmp_path).opaque == issuer
    with pytest.raises(SettingsError, match="only one issuer may be opaque"):
        load(put(tmp_path, "b.yaml", issuer="https://other.example", **there))


def test_keys_of_an_issuer() -> None:
    curves = [ECKey.generate_key(name, private=True) for name in ("P-256", "P-384", "P-521")]
    assert [issuer_key(jwk(one, "a")).algorithm for one in curves] == ["ES256", "ES384", "ES512"]
    assert issuer_key(jwk(RSA, "a")).algorithm == ""
    assert issuer_key(jwk(RSA, "a", alg="PS256")).algorithm == "PS256"
    assert issuer_key({**jwk(RSA, "a"), "key_ops": ["verify"]}).kid == "a"
    small = {"kty": "RSA", "n": "u" * 171, "e": "AQAB", "kid": "a"}
    bad = [
        {}, small, jwk(RSA, ""), jwk(RSA, "a", alg="HS256"), jwk(RSA, "a", use="enc"),
        {**jwk(RSA, "a"), "key_ops": ["encrypt"]}, {**jwk(RSA, "a"), "key_ops": []},
        {**RSA.as_dict(private=True), "kid": "a"}, {**OctKey.generate_key(256).as_dict(private=True), "kid": "a"},
        {**RSAKey.as_dict(RSA, private=False), "kid": "a", "n": 7},
    ]  # fmt: skip
    for one in bad:
        with pytest.raises(UnfitKey):
            issuer_key(one)


def let_in(issuer: Issuer, *rights: Right, cases: tuple[CaseAccess, ...] = (), **changed: str) -> Any:
    client = dataclasses.replace(SOCIAL, cases=cases)
    told = {"organisation": ORGANISATION, "user": "kbo", "level": "high", **changed}
    return accepted(issuer, Said(**told, rights=rights), None, Clients([client]))[1]


def test_rows_with_classes() -> None:
    rows = (
        Row(ORGANISATION, "sagsbehandler", "kk-social", ("COC",), "27"),
        Row(ORGANISATION, "sagsbehandler", "kk-social", ("BTG", "HRESCH"), "32"),
    )
    issuer = Issuer("x", "jwt", rows)
    who = let_in(issuer, Right("sagsbehandler", ("32.18",)))
    assert (who.purposes, who.cases) == (("BTG",), (CaseAccess("*", ("32.18",), 2),)), (
        "never a purpose of no registration"
    )
    who = let_in(issuer, Right("sagsbehandler"))
    assert who.cases == (CaseAccess("*", ("27",), 2),), "without a constraint the row's own class holds"
    who = let_in(issuer, Right("sagsbehandler", ("27.03", "85")), cases=(CaseAccess("*", ("*",), 0),))
    assert who.cases == (CaseAccess("*", ("27.03",), 0),)
    for rights, cases in (
        ((Right("sagsbehandler", ("85",)),), ()),
        ((Right("sagsbehandler", ("27",)),), (CaseAccess("*", ("85",), 1),)),
        ((), ()),
    ):
        with pytest.raises(NotAccepted):
            let_in(issuer, *rights, cases=cases)


def test_levels() -> None:
    issuer = Issuer("x", "jwt", (Row(ORGANISATION, "r", "kk-social", ("COC",)),), level="substantial")
    for level in ("substantial", "high"):
        assert let_in(issuer, Right("r"), level=level).user == "x|kbo"
    for level in ("low", "", "3", "HIGH"):
        with pytest.raises(NotAccepted):
            let_in(issuer, Right("r"), level=level)
