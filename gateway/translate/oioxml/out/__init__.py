"""Letters that go out: correspondence (XDIS91, XBIN01) and the municipality's answers to an admission (XDIS14, 16)."""
