"""How many examples Hypothesis makes up, and that they are the same each time: loaded before whatever asks it."""

from __future__ import annotations

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=60, print_blob=True)
settings.register_profile("long", deadline=None, max_examples=60, print_blob=True)
settings.load_profile("repeatable")
