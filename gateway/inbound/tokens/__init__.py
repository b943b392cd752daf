"""Who may call, beyond the plain bearer token of a registered key: keys by URL, bound tokens, other issuers."""
