"""Boards as they are sent to polls: each is drawn and packed once for all who look at the same."""

import gzip
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.template.loader import get_template

from sessions_app.web.board import Board, board_of
from sessions_app.web.filters import Filters
from sessions_app.web.look import Look, look

KEPT = 32
LATE_S = 1.0  # a picture that is younger is shown while somebody draws the next


@dataclass(frozen=True, kw_only=True, slots=True)
class Picture:
    """A board at a moment. Two that look the same have the same ``etag``, in every process.

    It holds nothing that belongs to one viewer, so packing it gives nothing away.
    """

    board: Board
    at: float
    number: int
    body: bytes
    packed: bytes
    etag: str


class Gallery:
    """The pictures that are looked at: drawn when there is news, at most once a second for ages alone."""

    def __init__(self) -> None:
        self._drawing, self._keeping = threading.Lock(), threading.Lock()
        self._kept: OrderedDict[Filters, Picture] = OrderedDict()

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._kept)

    def picture(self, filters: Filters, now: float, newest: Callable[[], Look] = look) -> Picture:
        """The board at ``now``; while another thread draws, the last one."""
        found = newest()
        kept = self._get(filters)
        if kept is not None and _is_good(kept, found, now):
            return kept
        late = settings.KEEP_DRAWINGS and kept is not None and 0 <= now - kept.at < LATE_S
        if not self._drawing.acquire(blocking=not late) and kept is not None:
            return kept
        try:
            kept = self._get(filters)  # somebody may have drawn it while we waited
            if kept is None or not _is_good(kept, found, now):
                kept = draw(found, filters, now)
                self._keep(filters, kept)
            return kept
        finally:
            self._drawing.release()

    def _get(self, filters: Filters) -> Picture | None:
        with self._keeping:
            if filters in self._kept:
                self._kept.move_to_end(filters)
            return self._kept.get(filters)

    def _keep(self, filters: Filters, picture: Picture) -> None:
        with self._keeping:
            self._kept[filters] = picture
            self._kept.move_to_end(filters)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)


def _is_good(kept: Picture, found: Look, now: float) -> bool:
    """Whether it shows what there is, and the ages of this second. A look may be older than what somebody drew."""
    return settings.KEEP_DRAWINGS and kept.number >= found.number and int(kept.at) == int(now)


def draw(found: Look, filters: Filters, now: float) -> Picture:
    """The picture of a board."""
    made = board_of(found, filters, now)
    body = get_template("livestatus/news.html").render({"board": made}).encode()
    return Picture(
        board=made,
        at=now,
        number=found.number,
        body=body,
        packed=gzip.compress(body, compresslevel=1, mtime=0),
        etag=f'W/"{hashlib.blake2b(body, digest_size=16).hexdigest()}"',
    )


_gallery = Gallery()
picture = _gallery.picture
