"""Places sessions are found in, one module per kind of store.

They only read, and turn what they find into events. Pure: no database, no network.
"""
