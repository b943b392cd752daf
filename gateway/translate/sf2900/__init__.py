"""SF2900 Fordelingskomponenten: journal notes and documents handed over to a municipality's case system.

What is known and what is assumed: docs/municipal-messages.md. The assumed names all stand in names.py.
"""
