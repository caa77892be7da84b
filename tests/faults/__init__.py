"""Promises by faults: real processes killed at random, a Mattermost and a broker that misbehave, and a judge.

`recorded` gives recordings another time, `stores` writes them live, `processes` are the watcher, the workers and Redis,
`mishaps` are what goes wrong, `judge` compares with a run without faults, `rounds` puts one round together.
"""
