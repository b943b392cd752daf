"""The console as relying party (OpenID Connect): who says who a person is, and how what is said is checked."""
