"""The built-in OpenID provider, for a gateway without another: users, passwords, login form, codes."""
