"""Where a run's post belongs. Fixed once, from the run's own prompt; sub-agents go with their root."""

from dataclasses import dataclass

from sessions_app.sources.base import Facts
from sessions_app.state.run_state import RunState


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """Ids of Mattermost. ``prompt_id`` is the post that asked: its thread is the place, if it still exists.

    ``user_id`` stands for the direct channel with that person. ``thread_id`` is the root named by the session key.
    """

    channel_id: str = ""
    user_id: str = ""
    thread_id: str = ""
    prompt_id: str = ""


def target_of(run: RunState, facts: Facts, *, newest: bool, default_channel: str) -> Target | None:
    """The place for a root run; None where it gets no post: it came from elsewhere and there is no default channel.

    The row's delivery tells only about the newest run, and only if that one came through Mattermost.
    """
    key, row = facts.from_key, facts.from_row
    if key.channel_id or key.user_id:
        return Target(channel_id=key.channel_id, user_id=key.user_id, thread_id=key.thread_id, prompt_id=run.message_id)
    if row and newest and run.from_mattermost:
        return Target(
            channel_id=row.channel_id,
            user_id=row.user_id,
            thread_id=key.thread_id or row.thread_id,
            prompt_id=run.message_id,
        )
    if run.message_id:
        return Target(prompt_id=run.message_id, thread_id=key.thread_id)
    return Target(channel_id=default_channel) if default_channel else None


def may_be_fixed(run: RunState, facts: Facts) -> bool:
    """Whether the target is known for good.

    A provisional run has no prompt yet. Its place is known all the same when the key names the thread, or when the
    prompts of this store never name the asking post.
    """
    if not run.provisional or run.queued:
        return True  # a prompt in the queue says all that its line will say
    return bool(facts.from_key.thread_id) or (bool(facts.from_key.channel_id) and not facts.names_post)
