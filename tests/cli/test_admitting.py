"""What is set of who may call is checked before a door opens."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.cli.admitting import admission
from gateway.errors import SettingsError
from gateway.inbound.clients import Clients
from gateway.inbound.tokens.key_sets import fetches_nothing
from gateway.outbound.key_fetching import Fetcher
from gateway.settings import Settings
from tests.inbound.oauth_client import hospital
from tests.inbound.tokens.issuing import KEYCLOAK, SOCIAL
from tests.inbound.tokens.saml_locks import pem
from tests.inbound.tokens.test_issuers import put

AT_A_URL = hospital(keys=(), jku="https://keys.example.dk/jwks.json")


def test_what_is_set(tmp_path: Path) -> None:
    put(tmp_path)
    set_up = Settings(
        issuers_folder=tmp_path, key_hosts="keys.example.dk", proxies="10.0.0.1", certificate_header="Client-Cert",
        dpop_nonces=True, address_header="X-Forwarded-For",
    )  # fmt: skip
    made = admission(set_up, Clients([SOCIAL, AT_A_URL]))
    assert isinstance(made.fetch, Fetcher)
    assert (len(made.issuers), made.certificates.header, made.dpop_nonces) == (1, "client-cert", True)
    assert made.proxies == made.certificates.proxies
    assert (made.proxies.header, made.proxies.hold("10.0.0.1")) == ("x-forwarded-for", True)
    plain = admission(Settings(data_folder=tmp_path / "none"), Clients([SOCIAL]))
    assert plain.fetch is fetches_nothing
    assert len(plain.issuers) == 0


def test_a_client_whose_certificate_nobody_could_see_stops_the_start(tmp_path: Path) -> None:
    bound = Clients([replace(SOCIAL, bound="mtls"), AT_A_URL])
    hosts = {"data_folder": tmp_path, "key_hosts": "keys.example.dk"}
    with pytest.raises(SettingsError, match="Tokens of kk-social are bound to a certificate") as error:
        admission(Settings(**hosts), bound)
    assert "GATEWAY_HTTP_CA" in error.value.told()
    in_front = Settings(**hosts, proxies="10.0.0.1", certificate_header="Client-Cert")
    for seen in (in_front, Settings(**hosts, http_ca=tmp_path / "ca.pem")):
        assert admission(seen, bound).certificates.seen
    assert not admission(Settings(**hosts), Clients([SOCIAL])).certificates.seen


def test_keys_that_nobody_could_fetch_stop_the_start(tmp_path: Path) -> None:
    for hosts in ("", "other.example.dk"):
        with pytest.raises(SettingsError, match="keys of rh-epj"):
            admission(Settings(data_folder=tmp_path, key_hosts=hosts), Clients([AT_A_URL]))
    put(tmp_path, jwks=None, jwks_url="https://keycloak.example.dk/certs")
    with pytest.raises(SettingsError, match=r"keys of https://keycloak\.example\.dk/realms/kk"):
        admission(Settings(issuers_folder=tmp_path), Clients([SOCIAL]))


def test_a_row_for_nobody_stops_the_start(tmp_path: Path) -> None:
    put(tmp_path)
    with pytest.raises(SettingsError, match="names kk-social"):
        admission(Settings(issuers_folder=tmp_path), Clients([]))


def test_a_header_that_anybody_could_set_stops_the_start(tmp_path: Path) -> None:
    for name in ("certificate_header", "address_header"):
        with pytest.raises(SettingsError, match=f"GATEWAY_{name.upper()} needs GATEWAY_PROXIES"):
            admission(Settings(data_folder=tmp_path, **{name: "X-Some"}), Clients([]))


LOGINS = {"oidc_issuer": KEYCLOAK, "oidc_client_id": "faellesplan", "key_hosts": "keycloak.example.dk"}


def test_where_people_log_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path)
    assert admission(Settings(issuers_folder=tmp_path), Clients([SOCIAL])).sign_in is None, "here"
    monkeypatch.setenv("OIDC", "a secret")
    made = admission(Settings(issuers_folder=tmp_path, oidc_secret="OIDC", **LOGINS), Clients([SOCIAL])).sign_in
    assert made is not None
    assert (made.issuer, made.client_id, made.secret, made.key) == (KEYCLOAK, "faellesplan", "OIDC", b"")
    assert made.post is not None
    (tmp_path / "key.pem").write_bytes(b"a key")
    with_key = Settings(issuers_folder=tmp_path, oidc_key=tmp_path / "key.pem", **LOGINS)
    made = admission(with_key, Clients([SOCIAL])).sign_in
    assert made is not None
    assert (made.secret, made.key) == ("", b"a key")
    assert "a key" not in repr(made)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"key_hosts": ""}, "GATEWAY_KEY_HOSTS"),
        ({"key_hosts": "other.example.dk"}, "GATEWAY_KEY_HOSTS"),
        ({"oidc_issuer": "not a url"}, "GATEWAY_KEY_HOSTS"),
        ({"oidc_secret": "NOT_THERE"}, "NOT_THERE"),
        ({"oidc_secret": "/not/there"}, "/not/there"),
        ({"oidc_key": Path("/not/there.pem")}, "GATEWAY_OIDC_KEY cannot be read"),
    ],
)
def test_a_registration_that_cannot_work_stops_the_start(tmp_path: Path, changed: dict[str, Any], told: str) -> None:
    put(tmp_path)
    with pytest.raises(SettingsError) as error:
        admission(Settings(issuers_folder=tmp_path, **{**LOGINS, **changed}), Clients([SOCIAL]))
    assert told in error.value.told()


def test_the_key_that_assertions_are_encrypted_for(tmp_path: Path) -> None:
    assert admission(Settings(data_folder=tmp_path), Clients([SOCIAL])).unlock is None
    (tmp_path / "saml.pem").write_bytes(pem(1))
    set_up = Settings(data_folder=tmp_path, saml_key=tmp_path / "saml.pem")
    assert admission(set_up, Clients([SOCIAL])).unlock is not None
    with pytest.raises(SettingsError, match="GATEWAY_SAML_KEY"):
        admission(Settings(data_folder=tmp_path, saml_key=tmp_path / "none.pem"), Clients([SOCIAL]))
