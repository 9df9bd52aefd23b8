"""Money on a page; loaded everywhere by the settings."""

from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from payments.domain.money import Money
from payments.web.sales_tabs import sales_tabs as tabs_of

register = template.Library()


@register.simple_tag
def amount(money: Money) -> SafeString:
    """`R$ 29,90`, tabular and never broken over two lines."""
    text = money.display(get_language() or "pt-br").replace(" ", "\N{NO-BREAK SPACE}")
    return format_html('<span class="money">{}</span>', text)


@register.inclusion_tag("payments/sales_tabs.html", takes_context=True)
def sales_tabs(context: template.Context) -> dict[str, Any]:
    """The tabs of the pages under Vendas."""
    return {"tabs": tabs_of(context["request"])}
