"""Measuring: what is measured, what it is measured against, and the processes that make the load.

Every figure is a ratio to a floor that is measured in the same run, in rounds that take turns, because machines
differ and wander: the floor is the least that anybody would have to do for the same thing.
"""
