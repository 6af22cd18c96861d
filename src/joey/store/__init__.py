"""The only package that knows databases: journal, archive of signals, records of people.

The journal is what was received and tapped, in one order, before anything else happens to it. The
archive and the records are made from it and can be made again.
"""
