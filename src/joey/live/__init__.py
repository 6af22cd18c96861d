"""The live ward's core: chunks in, facts out, and what a bed's screen shows.

No sockets, no files, no clock: times are given. Memory is bounded.
"""
