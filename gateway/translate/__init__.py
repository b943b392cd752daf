"""How words change: bytes to statements by the rules in mappings/, resources back to messages. Pure."""
