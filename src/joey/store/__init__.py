"""The only room that knows databases: the journal, the archive of signals, the records of people.

The journal is what was received and tapped, in one order, before anything else happens to it. The
archive and the records are made from it and can be made again.
"""
