"""SAML 2.0 assertions as KOMBIT's Context Handler and NSP's STS give them: the XML of token exchange, read safely."""
