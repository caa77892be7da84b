"""Transcript in, post out: recordings of real sessions through the whole house, against a real HTTP server."""
