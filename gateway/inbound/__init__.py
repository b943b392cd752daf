"""Who calls us: sockets, HTTP, tokens, pages."""
