"""The tables, one file for each thing that is remembered.

Bodies are bytes, never JSONB: JSONB loses key order, rewrites numbers and refuses U+0000. The tables of the access log
stand in the migrations 0001, 0011 and 0016, beside the rules that keep them append-only.
"""

from gateway.store.schema import access, citizens, console, directory, messages, subscriptions, suspicion
from gateway.store.schema.metadata import metadata

__all__ = ["access", "citizens", "console", "directory", "messages", "metadata", "subscriptions", "suspicion"]
