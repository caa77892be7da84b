"""What templates say with one word more than Django's: see `TEMPLATES` in the settings."""

from django.template import Library
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

register = Library()


@register.filter
def coded(text: str) -> SafeString:
    """A text with what stands between backticks as code: approve `git push`. One backtick alone stays as it is."""
    pieces = text.split("`")
    if len(pieces) % 2 == 0:
        pieces[-2:] = ["`".join(pieces[-2:])]
    made = (format_html("<code>{}</code>", one) if at % 2 else conditional_escape(one) for at, one in enumerate(pieces))
    return mark_safe("".join(made))  # noqa: S308 - every piece is escaped
