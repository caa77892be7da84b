"""A sheet of all pages for people who want to look: ``python -m tests.browser.shots FOLDER [WORD...]``.

Every page in every state, 1440 and 390 px wide, light and dark, as FOLDER/STATE-PAGE-WIDTH-SCHEME.png, and an
index.html that shows them all. With words only those whose name has one of them.
"""

import os
import sys
import tempfile
from pathlib import Path

WIDTHS = {1440: 900, 390: 844}
SCHEMES = ("light", "dark")


def main(folder: Path, words: list[str]) -> None:
    """Write the sheet to ``folder``."""
    from tests.browser.chrome import chromium
    from tests.browser.served import copy_of, migrate, serving
    from tests.browser.states import STATES

    folder.mkdir(parents=True, exist_ok=True)
    written: list[str] = []
    with tempfile.TemporaryDirectory() as scratch, chromium() as browser:
        migrated = migrate(Path(scratch, "migrated.sqlite3"))
        for name, make in STATES.items():
            with serving(copy_of(migrated, Path(scratch))) as server:
                make()
                written += _state(browser, server.url, folder, name, words)
    _index(folder, written)
    print(f"{len(written)} pictures in {folder}, all of them in {folder / 'index.html'}")


def _state(browser, url: str, folder: Path, state: str, words: list[str]) -> list[str]:
    from tests import factories
    from tests.browser.pages import pages
    from tests.browser.served import sign_in

    root, written = factories.admin(), []
    for width, height in WIDTHS.items():
        for scheme in SCHEMES:
            context = browser.new_context(
                base_url=url, viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
            )
            page = context.new_page()
            sign_in(context, url, root)
            for name, address in pages().items():
                picture = f"{state}-{name}-{width}-{scheme}.png"
                if words and not any(word in picture for word in words):
                    continue
                page.goto(address)
                page.screenshot(path=folder / picture, full_page=True)
                written.append(picture)
            context.close()
    return written


def _index(folder: Path, pictures: list[str]) -> None:
    shown = "\n".join(
        f'<figure><a href="{each}"><img src="{each}" loading="lazy"></a><figcaption>{each[:-4]}</figcaption></figure>'
        for each in pictures
    )
    style = "body{display:flex;flex-wrap:wrap;gap:16px;font:14px sans-serif}figure{margin:0}img{width:420px}"
    (folder / "index.html").write_text(f"<!doctype html><title>All pages</title><style>{style}</style>{shown}")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    main(Path(sys.argv[1]), sys.argv[2:])
