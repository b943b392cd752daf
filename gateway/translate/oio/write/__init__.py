"""Parts of the joint plan → OIO Sag and Dokument, SF1470 v6 (docs/municipal-messages.md)."""
