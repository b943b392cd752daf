"""A made-up year of looks in which it is known who had no business looking: what the detection is measured on.

Nobody in it is real, and no real look enters it. The same seed gives the same year.
"""
