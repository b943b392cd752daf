"""FHIR resources as HL7 v2 messages, for hospitals: one module for each kind of message, message.py for all of them."""
