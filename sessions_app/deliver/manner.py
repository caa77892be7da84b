"""How posts are written and delivered: what the settings say, as a value."""

from dataclasses import dataclass, field

from sessions_app.render.labels import Labels


@dataclass(frozen=True, kw_only=True, slots=True)
class Manner:
    """``edits_per_s`` over all posts and processes. ``recreate``: a post that somebody deleted is made again.

    ``continue_after_limit``: where Mattermost allows no more edits of a post, another one goes on in its thread.
    """

    max_chars: int = 12_000
    max_depth: int = 4
    edits_per_s: float = 5.0
    max_retries: int = 3
    max_open: int = 50
    recreate: bool = False
    continue_after_limit: bool = False
    labels: Labels = field(default_factory=Labels.builtin)
