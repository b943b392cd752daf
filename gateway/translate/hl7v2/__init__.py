"""HL7 v2: bytes to statements by the rules in mappings/hl7v2, and acknowledgements back."""
