"""Playing a citizen's story through the real doors: who takes part, what is sent, what each of them then sees.

The demo, the story tests and the benchmarks play with it. It is a client of the gateway like any other: it knows
sockets, HTTP and keys, and nothing of what is behind the doors.
"""
