"""Register a system that may call the gateway: writes one YAML file into the folder of clients.

The system proves itself with a key pair (SMART Backend Services, private_key_jwt with ES384 or RS384). Give its
public keys as a JWKS file or by the URL that it publishes them at, or let a new key be made: the private half is
written to a file for the system alone.
A running gateway reads the folder at its next start. How to ask for a token then: docs/access.md.

    gateway register-client --id kk-social --name Sagssystem \\
        --organisation "http://cvr.dk|64942212" --organisation-name "Københavns Kommune" \\
        --sector municipality --role social --purpose COC \\
        --scope 'system/*.rs' --scope system/Bundle.c --sends koebenhavn-ffb --new-key kk-social.pem
"""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path
from typing import Any

from gateway.domain.caller import RIGHTS
from gateway.errors import SettingsError
from gateway.inbound.clients import BINDINGS, ROLES, SECTORS, understood, written
from gateway.inbound.keys import new_client_key
from gateway.settings import Settings


def arguments(parser: argparse.ArgumentParser) -> None:
    """What a client is registered with."""
    parser.add_argument("--id", required=True, help="client_id; the name of the file")
    parser.add_argument("--name", required=True, help="the system, as people call it")
    parser.add_argument("--organisation", required=True, metavar="SYSTEM|VALUE", help="whose system it is: SOR or CVR")
    parser.add_argument("--organisation-name", default="", help="as people call it")
    parser.add_argument("--sector", required=True, choices=SECTORS)
    parser.add_argument("--role", required=True, choices=ROLES, help="what the policy tables decide by")
    parser.add_argument("--purpose", action="append", default=[], help="v3-ActReason code it may give (repeat)")
    parser.add_argument("--scope", action="append", default=[], help="the most it can be given (repeat)")
    parser.add_argument("--sends", action="append", default=[], help="source it may send messages as (repeat)")
    parser.add_argument(
        "--member-of", action="append", default=[], metavar="SYSTEM|VALUE", help="unit or parent it counts as (repeat)"
    )
    parser.add_argument(
        "--cases", action="append", default=[], metavar="CVR|KLE,KLE|FOELSOMHED",
        help="OIO cases it may read: owner, KLE classes, level of Foelsomhed; * for any owner or class (repeat)",
    )  # fmt: skip
    parser.add_argument(
        "--right", action="append", default=[], choices=RIGHTS, help="what it may besides, domain/caller.py (repeat)"
    )
    parser.add_argument(
        "--jku", default="", metavar="URL", help="where it publishes its keys: fetched when none are given here"
    )
    parser.add_argument(
        "--bound", default="", choices=BINDINGS[1:], help="its tokens are bound to its key or certificate"
    )
    parser.add_argument(
        "--limit", default="", metavar="PER_SECOND:BURST", help="calls it may make in the long run, and at once"
    )
    parser.add_argument("--introspects", action="store_true", help="a resource server that may ask what a token is")
    parser.add_argument(
        "--redirect-uri",
        action="append",
        default=[],
        metavar="URL",
        help="people log in to it, and return here (repeat)",
    )
    keys = parser.add_mutually_exclusive_group()
    keys.add_argument("--jwks", type=Path, metavar="FILE", help="its public keys")
    keys.add_argument("--new-key", type=Path, metavar="OUT.pem", help="make a key, and write its private half here")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Write the file. Nothing is written when anything is wrong, and nothing is ever overwritten."""
    file = settings.clients / f"{args.id}.yaml"
    for path in filter(None, (file, args.new_key)):
        if path.exists():
            raise SettingsError("This file is there already", where=str(path), hint="Move it away first.")
    if not (args.jku or args.jwks or args.new_key):
        raise SettingsError("A client needs keys", hint="Give --new-key, --jwks or --jku.")
    private, keys = _made() if args.new_key else (b"", _read(args.jwks) if args.jwks else None)
    system, _, value = args.organisation.rpartition("|")
    text = written(
        {
            "id": args.id,
            "name": args.name,
            "organisation": {"system": system, "value": value, "name": args.organisation_name},
            "sector": args.sector,
            "role": args.role,
            "purposes": args.purpose,
            "scopes": args.scope,
            "sends": args.sends,
            "member_of": args.member_of,
            "cases": [_case(one) for one in args.cases],
            "rights": args.right,
            "redirect_uris": args.redirect_uri,
            "jku": args.jku,
            "bound": args.bound,
            "limits": _limits(args.limit),
            "introspects": "yes" if args.introspects else "",
            "jwks": keys,
        }
    )
    client = understood(text, file.name)
    _write(file, text.encode(), 0o644)
    print(f"{file}: {client.name}, {client.role} in the sector {client.sector}")
    for source in client.sends:
        if not (settings.mappings_folder / "sources" / f"{source}.yaml").is_file():
            print(f"There is no source {source} yet: write mappings/sources/{source}.yaml, or this says nothing.")
    if private:
        _write(args.new_key, private, 0o600)
        print(f"{args.new_key}: the private key. Give it to the system and keep no copy.")
    return 0


def _limits(text: str) -> dict[str, str]:
    per_second, _, burst = text.partition(":")
    return {"per_second": per_second, "burst": burst} if text else {}


def _case(text: str) -> dict[str, Any]:
    owner, classes, level = [*text.split("|"), "", ""][:3]
    return {"owner": owner, "classes": [one for one in classes.split(",") if one], "sensitivity": level}


def _made() -> tuple[bytes, dict[str, Any]]:
    private, jwk = new_client_key()
    return private, {"keys": [jwk]}


def _read(file: Path) -> Any:
    """A JWKS, or one JWK alone."""
    try:
        keys = json.loads(file.read_bytes())
    except OSError as error:
        raise SettingsError("The keys cannot be read", where=str(file), hint=str(error.strerror)) from None
    except ValueError:
        raise SettingsError("The keys are not JSON", where=str(file)) from None
    return keys if isinstance(keys, dict) and "keys" in keys else {"keys": [keys]}


def _write(file: Path, content: bytes, mode: int) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as out:
            out.write(content)
    except OSError as error:
        raise SettingsError("The file cannot be written", where=str(file), hint=str(error.strerror)) from None
