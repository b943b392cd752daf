"""What happens: one straight line per file."""
