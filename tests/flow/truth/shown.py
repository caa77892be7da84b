"""What our service says of a recording, in the words of the expectations."""

from sessions_app.models import Post, Run, Step
from sessions_app.models.times import seconds
from sessions_app.state.view import RunView, Word
from tests.flow.house import DEFAULT_CHANNEL, House


def shown(house: House, zero: float) -> str:
    """The trees, each as a block; times are seconds after ``zero`` (seconds since 1970)."""
    blocks = ["\n".join(_run(house, view, zero)) for view in house.trees()]
    return "\n\n".join(blocks) + "\n"


def named(run: Run) -> str:
    """A run in a time line. Needs its session."""
    return f"{run.session.key} run {run.no}"


def state(run: Run) -> str:
    """Its word, and the tools that run while it works."""
    tools = ", ".join(step.tool for step in run.value.open) if run.word == Word.WORKING else ""
    return f"{run.word} {tools}".strip()


def _run(house: House, view: RunView, zero: float, depth: int = 0) -> list[str]:
    run = Run.objects.select_related("session").get(id=view.id)
    reason = f" ({view.reason})" if view.reason else ""
    label = f"{view.label}: " if view.label else ""
    lines = [f"{view.word}{reason} | {label}{view.title}", f"  {run.session.key}"]
    if depth == 0:
        lines.append(f"  to {_target(house, run)}")
    lines.append(f"  {_sums(view, zero)}")
    lines += [f"  - {_step(step, zero)}" for step in run.steps.order_by("started_at", "id")]
    for child in view.children:
        lines += _run(house, child, zero, depth + 1)
    return ["  " * min(depth, 1) + line for line in lines]


def _sums(view: RunView, zero: float) -> str:
    ended = f"{view.ended_at - zero:+.3f}" if view.ended_at else "?"
    sums = (
        f"{view.started_at - zero:+.3f} to {ended}, {view.tools} tools ({view.failed_tools} failed), "
        f"{view.tokens} tokens, ${view.cost:.5f}"
    )
    sums += f", {view.background} in the background" if view.background else ""
    return sums + (", cut off" if view.cut_off else "")


def _step(step: Step, zero: float) -> str:
    ended = f"{seconds(step.ended_at) - zero:+.3f}" if step.ended_at else "?"
    outcome = {True: "ok", False: f"failed: {step.error}", None: "no result"}[step.ok]
    return f"{step.tool} {step.target}".strip() + f" | {seconds(step.started_at) - zero:+.3f} to {ended} | {outcome}"


def _target(house: House, run: Run) -> str:
    post = Post.objects.filter(run=run).first()
    if post is None:
        return f"nowhere: {run.no_post}"
    direct = {channel.id for channel in house.mm.world.channels.values() if channel.type == "D"}
    named = {DEFAULT_CHANNEL: "the default channel", **dict.fromkeys(direct, "the direct channel")}
    place = named.get(post.channel_id, f"channel {post.channel_id}")
    return f"{place} under {post.root_id}" if post.root_id else place
