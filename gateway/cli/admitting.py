"""What is set of who may call, checked as a whole before a door opens: keys that nobody could fetch stop the start."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from gateway.domain import endpoint
from gateway.errors import SettingsError
from gateway.inbound import proxies
from gateway.inbound.clients import Clients
from gateway.inbound.issuer import users
from gateway.inbound.proxies import Proxies
from gateway.inbound.sign_in.parties import Registration
from gateway.inbound.tokens import certificates, issuers
from gateway.inbound.tokens.certificates import Certificates
from gateway.inbound.tokens.entry import Admission
from gateway.inbound.tokens.issuers import Issuers
from gateway.inbound.tokens.key_sets import fetches_nothing
from gateway.outbound.key_fetching import Fetcher
from gateway.outbound.lines import caller_context
from gateway.outbound.secrets import secret
from gateway.settings import Settings
from gateway.store.unlocking import unlocker


def admission(settings: Settings, clients: Clients) -> Admission:
    """Certificates, issuers, and where keys are fetched from. Raises SettingsError."""
    _check_folders(settings)
    hosts = endpoint.hosts(settings.key_hosts, "GATEWAY_KEY_HOSTS")
    known = issuers.load(settings.issuers)
    _check_hosts(hosts, clients, known)
    _check_rows(clients, known)
    tls = caller_context(settings.tls_certificate, settings.tls_key, settings.tls_ca)
    fetcher = Fetcher(hosts, tls)
    named = proxies.from_settings(settings.proxies, settings.address_header)
    return Admission(
        proxies=named,
        certificates=_certificates(settings, named, clients),
        issuers=known,
        fetch=fetcher if hosts else fetches_nothing,
        introspect=fetcher.introspected if hosts else None,
        dpop_nonces=settings.dpop_nonces,
        users=users.load(settings.users, clients),
        sign_in=_registration(settings, fetcher if hosts else None),
        unlock=unlocker(settings.saml_key) if settings.saml_key != Path() else None,
    )


def _certificates(settings: Settings, named: Proxies, clients: Clients) -> Certificates:
    """Who may show a certificate, and where. Raises SettingsError, also when a client needs one and nobody could."""
    made = certificates.from_settings(settings.certificate_header, named, asked=settings.http_ca != Path())
    needing = sorted(client.id for client in clients if client.bound == "mtls")
    if needing and not made.seen:
        hint = "Set GATEWAY_HTTP_CA, or GATEWAY_CERTIFICATE_HEADER and GATEWAY_PROXIES."
        raise SettingsError(f"Tokens of {_listed(needing)} are bound to a certificate, and none is seen", hint=hint)
    return made


def _registration(settings: Settings, fetcher: Fetcher | None) -> Registration | None:
    """How the console is registered at another issuer; None where people log in here. Raises SettingsError."""
    if not settings.oidc_issuer:
        idle = {"CLIENT_ID": settings.oidc_client_id, "SECRET": settings.oidc_secret, "KEY": settings.oidc_key}
        given = [f"GATEWAY_OIDC_{name}" for name, value in idle.items() if value not in ("", Path())]
        if given:
            raise SettingsError(f"GATEWAY_OIDC_ISSUER is missing: without it nothing reads {_listed(given)}")
        return None
    if fetcher is None or urlsplit(settings.oidc_issuer).hostname not in fetcher.allowed:
        raise SettingsError("The issuer of logins may not be reached", hint="Name its host in GATEWAY_KEY_HOSTS.")
    if settings.oidc_secret:
        secret(settings.oidc_secret)
    try:
        key = settings.oidc_key.read_bytes() if settings.oidc_key != Path() else b""
    except OSError as error:
        raise SettingsError("GATEWAY_OIDC_KEY cannot be read", hint=str(error.strerror)) from None
    return Registration(settings.oidc_issuer, settings.oidc_client_id, settings.oidc_secret, key, fetcher.posted)


def _check_folders(settings: Settings) -> None:
    """A folder that is named has to be there: with a slip in its name nobody would be registered."""
    named = {"CLIENTS": settings.clients_folder, "ISSUERS": settings.issuers_folder, "USERS": settings.users_folder}
    for name, folder in named.items():
        if folder != Path() and not folder.is_dir():
            text = f"GATEWAY_{name}_FOLDER names no folder"
            raise SettingsError(text, where=str(folder), hint="Make it, or leave the setting out.")


def _check_hosts(hosts: Mapping[str, object], clients: Clients, known: Issuers) -> None:
    urls = {client.id: client.jku for client in clients if not client.keys}
    urls |= {issuer.id: issuer.jwks_url for issuer in known if issuer.jwks_url}
    urls |= {issuer.id: issuer.introspect["url"] for issuer in known if issuer.introspect}
    missing = sorted(name for name, url in urls.items() if urlsplit(url).hostname not in hosts)
    if missing:
        hint = "Name the hosts of their key URLs in GATEWAY_KEY_HOSTS."
        raise SettingsError(f"The keys of {_listed(missing)} may not be fetched", hint=hint)


def _check_rows(clients: Clients, known: Issuers) -> None:
    missing = sorted({row.client for issuer in known for row in issuer.rows if clients.get(row.client) is None})
    if missing:
        raise SettingsError(f"A row of an issuer names {_listed(missing)}", hint="No client of this id is registered.")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)
