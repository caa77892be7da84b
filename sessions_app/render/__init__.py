"""A run tree in, the text of its post out.

Nothing in the text can mention anyone, break out of its line or show a secret. Pure: no database, no network.
"""
