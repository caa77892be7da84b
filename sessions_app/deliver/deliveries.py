"""Deliveries, as they are kept: what was tried for a post, when, and what came of it."""

from sessions_app.deliver.wanted import Wanted
from sessions_app.models import Delivery, Post

KEPT_S = 7 * 24 * 3600.0
KEPT_ROWS = 500_000


def sent(post: Post, now: float, should: Wanted, *, made: bool, began: float) -> None:
    """A post was made or edited; ``began``: when the request was."""
    kind = Delivery.Kind.CREATED if made else Delivery.Kind.EDITED
    waited = now - post.behind_since if post.behind_since else 0.0
    write(post, now, kind, should, took_s=now - began, waited_s=waited)


def write(
    post: Post, now: float, kind: Delivery.Kind, should: Wanted, *, took_s: float = 0.0, waited_s: float = 0.0
) -> None:
    """One row; lengths in seconds."""
    Delivery.objects.create(
        post_id=post.id, at=now, kind=kind, revision=should.revision, word=should.word,
        took_s=max(0.0, took_s), waited_s=max(0.0, waited_s),
    )  # fmt: skip


def failed(post: Post, now: float, sentence: str) -> None:
    """A try went wrong. The same sentence in a row is one row, with the newest time."""
    newest = Delivery.objects.filter(post_id=post.id).order_by("-id").first()
    if newest is not None and newest.kind == Delivery.Kind.FAILED and newest.error == sentence:
        Delivery.objects.filter(id=newest.id).update(at=now)
        return
    Delivery.objects.create(post_id=post.id, at=now, kind=Delivery.Kind.FAILED, word=post.wanted_word, error=sentence)


def forget_old(now: float) -> int:
    """Delete what is old, and what is too much. Returns how many."""
    old, _ = Delivery.objects.filter(at__lt=now - KEPT_S).delete()
    newest = Delivery.objects.order_by("-id").values_list("id", flat=True).first() or 0
    many, _ = Delivery.objects.filter(id__lte=newest - KEPT_ROWS).delete()
    return old + many
