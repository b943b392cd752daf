"""What is true: pure rules, the standard library alone."""
