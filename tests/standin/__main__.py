"""A Mattermost to play with: serves until Ctrl-C and prints every post of the bot as it changes."""

import argparse
from datetime import datetime

from tests.standin import MattermostStandIn, Post


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.standin", description=__doc__)
    parser.add_argument("--port", type=int, default=8065)
    parser.add_argument("--token", default="stand-in-token", help="what MM_BOT_TOKEN has to be")
    parser.add_argument(
        "--unknown-channels",
        choices=["create", "refuse"],
        default="create",
        help="whether any channel or root id exists as soon as it is named",
    )
    options = parser.parse_args()
    with MattermostStandIn(port=options.port, token=options.token, unknown_channels=options.unknown_channels) as mm:
        print(f"MM_BASE_URL={mm.url}\nMM_BOT_TOKEN={mm.token}", flush=True)
        try:
            show(mm)
        except KeyboardInterrupt:
            print("stopped")


def show(mm: MattermostStandIn) -> None:
    """Print each new version of each of the bot's posts, for ever."""
    shown: dict[str, int] = {}
    while True:
        news = mm.wait_for(lambda: [(p, len(mm.edits(p.id))) for p in mm.bot_posts() if is_new(mm, p, shown)], 3600)
        for post, edits in news:
            shown[post.id] = edits
            time = datetime.fromtimestamp(post.update_at / 1000).strftime("%H:%M:%S")
            thread = f" in thread {post.root_id}" if post.root_id else ""
            print(
                f"\n── {time} post {post.id} · channel {post.channel_id}{thread} · edit {edits}\n{post.message}",
                flush=True,
            )


def is_new(mm: MattermostStandIn, post: Post, shown: dict[str, int]) -> bool:
    return shown.get(post.id) != len(mm.edits(post.id))


if __name__ == "__main__":
    main()
