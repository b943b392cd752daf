"""The rules engine: mappings/*.yaml compiled once at start, run once per message. Knows no message language."""
