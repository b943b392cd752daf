"""Unusual looks: which of those on record somebody should ask about, and why.

Nothing here accuses: a finding is a question to a person, with its reasons in words. Pure functions over the looks of a
time and what was known of those who looked and were looked at. How much is unusual, and how much it counts, stands in
mappings/suspicion/thresholds.csv.
"""
