"""What no page may do, whatever a test is about: it is written down here, and the test fails for it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Request, Response, WebError

TELL_OF_THE_POLICY = """
document.addEventListener("securitypolicyviolation", (event) => console.error(
  `policy: ${event.effectiveDirective} forbids ${event.blockedURI} ${event.sample} in ${event.sourceFile}`));
"""


class Guard:
    """Listens to all pages: the console, errors, the policy, other hosts than ``url``, a server that fails."""

    def __init__(self, url: str) -> None:
        self._host = urlsplit(url).netloc
        self._contexts: list[BrowserContext] = []
        self._allowed: list[re.Pattern[str]] = []
        self.complaints: list[str] = []

    def watch(self, context: BrowserContext) -> None:
        """Listen to all pages of this context, also to those that open later."""
        context.add_init_script(TELL_OF_THE_POLICY)
        context.on("console", self._console)
        context.on("weberror", self._error)
        context.on("request", self._request)
        context.on("response", self._response)
        context.on("dialog", self._dialog)
        self._contexts.append(context)

    @contextmanager
    def allowing(self, *patterns: str) -> Iterator[None]:
        """What matches one of ``patterns`` is what this test is about."""
        self._allowed = [re.compile(each) for each in patterns]
        try:
            yield
        finally:
            self.listen()
            self._allowed = []

    def listen(self) -> None:
        """Hear what has happened until now: events wait until somebody asks the browser something."""
        for context in self._contexts:
            for page in context.pages:
                page.evaluate("0")

    def close(self) -> None:
        """Hear the last, and close all pages."""
        self.listen()
        for context in self._contexts:
            context.close()

    def _complain(self, words: str) -> None:
        if not any(each.search(words) for each in self._allowed):
            self.complaints.append(words)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning", "assert"):
            self._complain(f"console {message.type}: {message.text} ({message.location.get('url')})")

    def _error(self, error: WebError) -> None:
        self._complain(f"error of a page: {error.error.stack or error.error}")

    def _request(self, request: Request) -> None:
        where = urlsplit(request.url)
        if where.scheme not in ("data", "blob", "about") and where.netloc != self._host:
            self._complain(f"request to another host: {request.url}")

    def _response(self, response: Response) -> None:
        if response.status >= 500:
            self._complain(f"the server failed: {response.status} {response.request.method} {response.url}")

    def _dialog(self, dialog: Dialog) -> None:
        self._complain(f"a dialog: {dialog.message}")
        dialog.dismiss()
