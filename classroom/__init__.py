"""Assignments: the student's version, and grades that a submission can neither fool nor break.

The student's code runs in a process of its own, in a sandbox (`inside`). Every test is taken from the master and runs
outside (`judge`); it sees the student's functions only through proxies that carry plain data there and back.
"""
