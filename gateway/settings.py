"""Every environment variable, its type and its default. There is no other way to set anything.

All errors are told at once, with the name of the variable.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from gateway.errors import SettingsError

PREFIX = "GATEWAY_"
_ROOT = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator may set, as `GATEWAY_<NAME IN CAPITALS>`. `help` is what README and --help say of it."""

    data_folder: Path = field(
        default=Path("data"), metadata={"help": "keys, registered clients and the embedded PostgreSQL"}
    )
    database_url: str = field(
        default="", metadata={"help": "postgresql:// URL; empty: the embedded PostgreSQL in the data folder"}
    )
    database_connections: int = field(
        default=16,
        metadata={"help": "connections in the pool of one node; searches of the log open two more, who keeps it four"},
    )
    mappings_folder: Path = field(default=_ROOT / "mappings", metadata={"help": "rules, code tables, policy, sources"})
    clients_folder: Path = field(
        default=Path(), metadata={"help": "one YAML file per registered client; empty: clients in the data folder"}
    )
    issuers_folder: Path = field(
        default=Path(), metadata={"help": "one YAML file per issuer of tokens; empty: issuers in the data folder"}
    )
    users_folder: Path = field(
        default=Path(), metadata={"help": "one YAML file per user who logs in here; empty: users in the data folder"}
    )
    oidc_issuer: str = field(
        default="", metadata={"help": "the registered issuer where people log in to the console; empty: here"}
    )
    oidc_client_id: str = field(default="", metadata={"help": "as which client the console is registered there"})
    oidc_secret: str = field(
        default="", metadata={"help": "its secret there: an absolute path of a file, or a variable's name"}
    )
    oidc_key: Path = field(
        default=Path(), metadata={"help": "PEM file of its private key there (private_key_jwt) instead of a secret"}
    )
    saml_key: Path = field(
        default=Path(), metadata={"help": "PEM file of RSA keys that SAML assertions are encrypted for; several: each"}
    )
    key_hosts: str = field(
        default="", metadata={"help": "hosts that keys of clients and issuers are fetched from (name, name@network)"}
    )
    proxies: str = field(
        default="", metadata={"help": "addresses or networks of the proxies that may set the two headers that follow"}
    )
    address_header: str = field(
        default="", metadata={"help": "the header in which proxies tell whom they were called by: X-Forwarded-For"}
    )
    certificate_header: str = field(
        default="", metadata={"help": "the header in which a proxy tells the client's certificate"}
    )
    dpop_nonces: bool = field(default=False, metadata={"help": "DPoP proofs must repeat a nonce of ours"})
    http_host: str = field(default="127.0.0.1", metadata={"help": "address of the HTTP doors"})
    http_port: int = field(default=8080, metadata={"help": "port of the HTTP doors; 0: any free one"})
    http_certificate: Path = field(default=Path(), metadata={"help": "PEM file; with it the HTTP doors speak TLS"})
    http_key: Path = field(default=Path(), metadata={"help": "PEM file with the key of that certificate"})
    http_ca: Path = field(
        default=Path(),
        metadata={"help": "PEM file of authorities; with it HTTP callers are asked for a certificate of theirs"},
    )
    mllp_host: str = field(default="127.0.0.1", metadata={"help": "address of the MLLP door"})
    mllp_port: int = field(default=2575, metadata={"help": "port of the MLLP door; 0: any free one"})
    mllp_connections: int = field(default=64, metadata={"help": "senders connected at once; more are closed"})
    mllp_idle_seconds: int = field(default=300, metadata={"help": "a silent MLLP connection is closed after this"})
    tls_certificate: Path = field(
        default=Path(), metadata={"help": "PEM file; with it the MLLP door speaks TLS, and receivers are shown it"}
    )
    tls_key: Path = field(default=Path(), metadata={"help": "PEM file with the key of the certificate"})
    tls_ca: Path = field(
        default=Path(),
        metadata={"help": "PEM file of authorities; with it MLLP senders must show a certificate of theirs"},
    )
    delivery_seconds: float = field(default=1.0, metadata={"help": "how often the outbox is looked into"})
    delivery_tries: int = field(
        default=100, metadata={"help": "tries, at most 15 minutes apart, before a message is given up"}
    )
    receipt_hours: float = field(
        default=24.0, metadata={"help": "a receipt that is to follow what was sent is overdue after so many hours"}
    )
    message_bytes: int = field(default=10_000_000, metadata={"help": "largest message taken, at any door"})
    large_message_bytes: int = field(
        default=150_000_000, metadata={"help": "largest FHIR message with files; one at a time on each node"}
    )
    hook_hosts: str = field(
        default="",
        metadata={"help": "hosts that notifications may go to, separated by commas; host@10.20.0.0/16 in that network"},
    )
    hook_tries: int = field(default=12, metadata={"help": "tries, at most 15 minutes apart, before one is given up"})
    public_url: str = field(
        default="", metadata={"help": "the URL that callers know, for tokens and links; empty: the HTTP address"}
    )
    log_origin: str = field(
        default="faellesplan.example/log", metadata={"help": "name of the access log's checkpoints"}
    )
    checkpoint_seconds: float = field(default=0.5, metadata={"help": "how often new records get a signed place"})
    log_days: int = field(
        default=0,
        metadata={"help": "contents of the access log are deleted after so many days, at least 180; 0: never"},
    )
    witness_name: str = field(
        default="", metadata={"help": "name under which other logs are cosigned; empty: the log's name and /witness"}
    )
    witness_logs: str = field(
        default="", metadata={"help": "keys (name+id+key) of the logs that are cosigned here, with blanks between"}
    )
    witnesses: str = field(
        default="", metadata={"help": "who cosigns our log, as name+id+key@URL, with blanks between"}
    )
    witness_seconds: float = field(default=10.0, metadata={"help": "how often witnesses are asked"})
    quarantine_days: int = field(
        default=14, metadata={"help": "content of messages that were not understood is deleted after so many days"}
    )
    quiet_hours: float = field(
        default=72.0, metadata={"help": "a source that has said nothing for so many hours is told to be silent"}
    )
    debug: bool = field(default=False, metadata={"help": "log more"})

    def url(self, port: int = 0) -> str:
        """By what URL the HTTP doors are called; `port` is the one that is open where any free one was asked for."""
        scheme = "http" if self.http_certificate == Path() else "https"
        host = f"[{self.http_host}]" if ":" in self.http_host else self.http_host
        return self.public_url or f"{scheme}://{host}:{port or self.http_port}"

    @property
    def clients(self) -> Path:
        """Where registered clients are read from."""
        return self.clients_folder if self.clients_folder != Path() else self.data_folder / "clients"

    @property
    def users(self) -> Path:
        """Where users of the built-in provider are read from."""
        return self.users_folder if self.users_folder != Path() else self.data_folder / "users"

    @property
    def issuers(self) -> Path:
        """Where registered issuers are read from."""
        return self.issuers_folder if self.issuers_folder != Path() else self.data_folder / "issuers"


def read(environment: Mapping[str, str] | None = None) -> Settings:
    """The settings of this process. Raises SettingsError that names every wrong or unknown variable."""
    given = os.environ if environment is None else environment
    names = {PREFIX + f.name.upper(): f for f in fields(Settings)}
    wrong = [
        f"{name} is not a setting"
        for name in given
        if name.startswith(PREFIX) and name not in names and name.removeprefix(PREFIX) not in _FOR_TESTS
    ]
    values: dict[str, Any] = {}
    for name, one in names.items():
        if name in given:
            try:
                values[one.name] = _read(one.name, str(one.type), given[name])
            except ValueError:
                wrong.append(f"{name} must be {_wanted(one.name, str(one.type))}")
    if wrong:
        raise SettingsError("; ".join(wrong), hint="README.md lists the settings.")
    settings = Settings(**values)
    if settings.http_port == settings.mllp_port != 0 and _meet(settings.http_host, settings.mllp_host):
        raise SettingsError("GATEWAY_HTTP_PORT and GATEWAY_MLLP_PORT are one port", hint="Each door needs its own.")
    return settings


def _meet(one: str, other: str) -> bool:
    """Whether two hosts stand for one address: nobody need tell while neither socket listens."""
    return one == other or not {one, other}.isdisjoint(("", "0.0.0.0", "::"))  # noqa: S104 - compared, not bound


def _read(name: str, kind: str, text: str) -> Any:
    """The value of one setting. Raises ValueError for what it cannot be."""
    value = _READERS[kind](text)
    least, most = _BOUNDS.get(name, _ANY)
    if kind in ("int", "float") and not least <= value <= most:  # NaN is neither
        raise ValueError
    if name == "database_url" and value and not value.startswith(("postgresql://", "postgres://")):
        raise ValueError
    return value


def _wanted(name: str, kind: str) -> str:
    """What it must be, in words."""
    if name == "database_url":
        return "a postgresql:// URL"
    least, most = _BOUNDS.get(name, _ANY)
    between = f" from {least:g} to {most:g}" if most < _LARGEST else f", at least {least:g}"
    return _WORDS[kind] + (between if kind in ("int", "float") else "")


_LARGEST = 1e15  # no number of seconds, bytes or tries; infinity is above it
_ANY = (0.0, _LARGEST)
_BOUNDS = {
    "database_connections": (1, _LARGEST), "http_port": (0, 65535), "mllp_port": (0, 65535),
    "mllp_connections": (1, _LARGEST), "mllp_idle_seconds": (1, _LARGEST), "message_bytes": (1000, _LARGEST),
    "large_message_bytes": (1000, _LARGEST), "delivery_tries": (1, _LARGEST), "hook_tries": (1, _LARGEST),
    "delivery_seconds": (0.01, _LARGEST), "checkpoint_seconds": (0.01, _LARGEST), "witness_seconds": (0.01, _LARGEST),
}  # fmt: skip
_FOR_TESTS = frozenset({"EXAMPLES", "R4_EXAMPLES", "TEST_DATABASE_URL"})


def _yes_or_no(text: str) -> bool:
    if text.lower() not in ("yes", "no", "true", "false", "1", "0"):
        raise ValueError
    return text.lower() in ("yes", "true", "1")


_READERS: dict[str, Callable[[str], Any]] = {"str": str, "int": int, "float": float, "bool": _yes_or_no, "Path": Path}
_WORDS = {"str": "text", "int": "a whole number", "float": "a number", "bool": "yes or no", "Path": "a path"}
