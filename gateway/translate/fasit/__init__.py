"""FASIT (employment): documents handed over as OIO Dokument 2.0.0, OpretInput (docs/municipal-messages.md)."""
