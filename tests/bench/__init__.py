"""Figures, not tests: `make bench` prints them, with how they were taken."""
