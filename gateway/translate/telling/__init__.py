"""What a municipality is told in words: the tables of mappings/outgoing*.csv, and the entry that they make."""
