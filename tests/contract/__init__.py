"""The contract with Mattermost: the rows of its behaviour that we rely on, one test each.

They run against the stand-in; with MM_CONTRACT_URL and MM_CONTRACT_ADMIN_TOKEN set, against that server too (it gets a
team, channels, a bot and a token of its own, and they are removed at the end; allow about a minute).
"""
