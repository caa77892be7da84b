"""Reads new bytes or rows of every session and applies them.

Nothing is read twice and nothing is skipped: how far we read and what it means are saved in one transaction. Never
waits for the network.
"""
