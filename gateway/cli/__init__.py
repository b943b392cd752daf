"""The commands. One file each: its docstring is its help, `arguments` adds its options, `run` does it."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence

from gateway import __version__, settings
from gateway.cli.settling import unhurried
from gateway.errors import GatewayError

COMMANDS = (
    "serve", "keep-log", "demo", "migrate", "translate", "explain", "check", "codes", "conformance", "fetch", "replay",
    "relabel", "outbox", "close-stay", "hand-over", "suspicion", "simulate", "export-log", "forget-log", "verify-log",
    "register-client", "register-user", "revoke", "bench",
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status is 0 when all went well, 1 when not, 2 when the words were wrong."""
    unhurried()
    parser = argparse.ArgumentParser(prog="gateway", description="Fællesplan gateway: one joint plan per citizen.")
    parser.add_argument("--version", action="version", version=__version__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    given = list(sys.argv[1:] if arguments is None else arguments)
    for name in given[:1] if given[:1] and given[0] in COMMANDS else COMMANDS:  # a command need not wait for the others
        module = importlib.import_module(f"gateway.cli.{name.replace('-', '_')}")
        text = module.__doc__ or ""
        one = commands.add_parser(
            name, help=text.splitlines()[0], description=text, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        module.arguments(one)
        one.set_defaults(run=module.run)
    chosen = parser.parse_args(given)
    try:
        status = int(chosen.run(chosen, settings.read()))
        sys.stdout.flush()
    except GatewayError as error:
        print(error.told(), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:  # who reads our output (`| head`) has had enough: what is left of it is dropped
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141  # as the shell tells SIGPIPE
    except OSError as error:
        if not error.filename:
            raise
        print(f"{error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    return status
