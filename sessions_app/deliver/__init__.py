"""The only room that calls out: creates and edits the posts.

One post per run, one request in flight per post, never a flood, and the last word arrives.
"""
