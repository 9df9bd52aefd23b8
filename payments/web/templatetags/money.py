"""Money on a page; loaded everywhere by the settings."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from payments.domain.money import Money

register = template.Library()


@register.simple_tag
def amount(money: Money) -> SafeString:
    """`R$ 29,90`, tabular and never broken over two lines."""
    text = money.display(get_language() or "pt-br").replace(" ", "\N{NO-BREAK SPACE}")
    return format_html('<span class="money">{}</span>', text)
