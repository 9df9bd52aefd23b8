"""Tags every page uses; loaded everywhere by the settings."""

from datetime import datetime
from typing import Any

from django import forms, template
from django.forms import BoundField
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from bots.web.assets import bundle, sprite_url
from bots.web.looks import Look
from bots.web.moments import exactly, relatively

register = template.Library()


@register.simple_tag
def icon(name: str, extra: str = "") -> SafeString:
    """One icon of the sprite; a word always stands beside it, so it is hidden from screen readers."""
    return format_html(
        '<svg class="icon {}" viewBox="0 0 24 24" aria-hidden="true"><use href="{}#{}"></use></svg>',
        extra,
        sprite_url(),
        name,
    )


@register.simple_tag
def assets(entry: str) -> SafeString:
    """The styles and scripts of a page's entry."""
    built = bundle(entry)
    return mark_safe(  # noqa: S308 - joined from escaped parts
        format_html_join("", '<link rel="stylesheet" href="{}">', ((url,) for url in built.styles))
        + format_html_join("", '<link rel="modulepreload" href="{}">', ((url,) for url in built.preloads))
        + format_html_join("", '<script type="module" src="{}"></script>', ((url,) for url in built.scripts))
    )


@register.simple_tag
def when(moment: datetime | None) -> SafeString:
    """`há 5 min`, with the exact time on hover and for screen readers."""
    if moment is None:
        return SafeString("")
    exact = exactly(moment)
    return format_html(
        '<time datetime="{}" title="{}"><span aria-hidden="true">{}</span><span class="sr-only">{}</span></time>',
        moment.isoformat(),
        exact,
        relatively(moment, timezone.now()),
        exact,
    )


@register.simple_tag
def exact_time(moment: datetime) -> SafeString:
    """The hour and minute, with the whole date on hover."""
    local = timezone.localtime(moment)
    return format_html(
        '<time datetime="{}" title="{}">{}</time>', moment.isoformat(), exactly(moment), f"{local:%H:%M}"
    )


@register.inclusion_tag("components/status.html")
def status(look: Look) -> dict[str, Any]:
    """A state, as an icon and a word in its colour."""
    return {"look": look}


@register.filter
def styled(field: BoundField) -> SafeString:
    """A form field drawn in our style, whoever made its form."""
    widget = field.field.widget
    css = "input"
    if isinstance(widget, forms.Textarea):
        css = "textarea"
    elif isinstance(widget, forms.CheckboxInput):
        css = "toggle toggle-primary" if "toggle" in widget.attrs.get("class", "") else "checkbox checkbox-primary"
    elif isinstance(widget, forms.Select):
        css = "select"
    elif isinstance(widget, forms.FileInput):
        css = "file-input"
    attributes: dict[str, str | bool] = {"class": f"{css} {widget.attrs.get('class', '')}".strip()}
    if field.errors:
        attributes |= {"aria-invalid": "true", "aria-describedby": f"{field.auto_id}_error"}
        attributes["class"] = f"{attributes['class']} {css}-error"
    return field.as_widget(attrs=attributes)
