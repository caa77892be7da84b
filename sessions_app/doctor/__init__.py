"""Why you see nothing: each part examined, each finding a sentence with the next step.

Looks only: no row is written, no post made, nothing in a store or in Mattermost is changed. Each part ends by itself,
and one that does not is left behind, so a look at everything ends within half a minute whatever has gone silent.
"""
