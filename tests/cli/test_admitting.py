"""What is set of who may call is checked before a door opens."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.cli.admitting import admission
from gateway.errors import SettingsError
from gateway.inbound.clients import Clients
from gateway.inbound.tokens.key_sets import fetches_nothing
from gateway.outbound.key_fetching import Fetcher
from gateway.settings import Settings
from tests.inbound.oauth_client import hospital
from tests.inbound.tokens.issuing import SOCIAL
from tests.inbound.tokens.test_issuers import put

AT_A_URL = hospital(keys=(), jku="https://keys.example.dk/jwks.json")


def test_what_is_set(tmp_path: Path) -> None:
    put(tmp_path)
    set_up = Settings(
        issuers_folder=tmp_path, key_hosts="keys.example.dk", proxies="10.0.0.1", certificate_header="Client-Cert",
        dpop_nonces=True,
    )  # fmt: skip
    made = admission(set_up, Clients([SOCIAL, AT_A_URL]))
    assert isinstance(made.fetch, Fetcher)
    assert (len(made.issuers), made.certificates.header, made.dpop_nonces) == (1, "client-cert", True)
    plain = admission(Settings(data_folder=tmp_path / "none"), Clients([SOCIAL]))
    assert plain.fetch is fetches_nothing
    assert len(plain.issuers) == 0


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
    with pytest.raises(SettingsError, match="GATEWAY_PROXIES"):
        admission(Settings(data_folder=tmp_path, certificate_header="Client-Cert"), Clients([]))
