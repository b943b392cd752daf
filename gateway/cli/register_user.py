"""Register a person who logs in to the console here: writes one YAML file into the folder of users.

The password is asked for, twice, or read from the first line of standard input when that is no terminal; it never
stands on the command line. What is kept of it is its scrypt hash. The person acts as a registered client (gateway
register-client), with the organisation, role and scopes of that. With --totp the person also types a code of an app
(RFC 6238), whose secret is shown here once. A running gateway reads the folder at its next start.

    gateway register-user --id karla.bo --name "Karla Bo" --title databeskyttelsesrådgiver \\
        --client dpo-region --purpose HCOMPL
"""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

from gateway.errors import SettingsError
from gateway.inbound import clients
from gateway.inbound.issuer import totp
from gateway.inbound.issuer.passwords import SHORTEST, UnfitPassword, hashed
from gateway.inbound.issuer.users import understood, written
from gateway.settings import Settings

_NAME = "faellesplan"
"""What the app shows beside the code where the gateway has no public URL yet."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """What a user is registered with."""
    parser.add_argument("--id", required=True, help="what the person types to log in; the name of the file")
    parser.add_argument("--name", required=True, help="the person's name, as the access log shows it")
    parser.add_argument("--title", default="", help="the person's role in words")
    parser.add_argument("--client", required=True, help="the registered client as which the person acts")
    parser.add_argument("--purpose", required=True, help="v3-ActReason code of the person's looks; one of the client's")
    parser.add_argument("--totp", action="store_true", help="with one-time codes of an app as a second factor")
    parser.add_argument("--json", action="store_true", help="say what was written as JSON")


def run(args: argparse.Namespace, settings: Settings) -> int:
    """Write the file. Nothing is written when anything is wrong, and nothing is ever overwritten."""
    file = settings.users / f"{args.id}.yaml"
    if file.exists():
        raise SettingsError("This file is there already", where=str(file), hint="Move it away first.")
    told = {"id": args.id, "name": args.name, "title": args.title, "client": args.client, "purpose": args.purpose}
    secret = totp.new_secret() if args.totp else ""
    told |= {"totp": secret}
    registered = clients.load(settings.clients)
    understood(written({**told, "password": hashed("x" * SHORTEST)}), file.name, registered)  # before it is asked
    try:
        text = written({**told, "password": hashed(_asked())})
    except UnfitPassword as error:
        raise SettingsError(f"The password {error}") from None
    user = understood(text, file.name, registered)
    _write(file, text)
    made = {"file": str(file), "id": user.id, "name": user.name, "client": user.client, "purpose": user.purpose}
    if secret:
        made |= {
            "totp": secret,
            "address": totp.address(secret, user.id, urlsplit(settings.public_url).hostname or _NAME),
        }
    print(json.dumps(made, ensure_ascii=False) if args.json else f"{file}: {user.name}, as {user.client}")
    if secret and not args.json:
        print(f"One-time codes: give the person this secret, for an app, and keep no copy: {secret}")
        print(made["address"])
    return 0


def _asked() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    first = getpass.getpass(f"Password (at least {SHORTEST} characters): ")
    if getpass.getpass("Again: ") != first:
        raise SettingsError("The two are not the same")
    return first


def _write(file: Path, text: str) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(text.encode())
    except OSError as error:
        raise SettingsError("The file cannot be written", where=str(file), hint=str(error.strerror)) from None
