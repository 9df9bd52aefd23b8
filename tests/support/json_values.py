"""Any value a JSON parser can give, and some that it should not."""

from typing import Any

from hypothesis import strategies as st

_NAMES = st.sampled_from(
    [
        *("flow_steps", "flow_start_step_id", "id", "type", "config", "connections", "conditions", "next", "text"),
        *("custom_buttons", "target_step", "max_attempts", "minutes", "order", "value", "main_buttons", "position"),
        *("message", "buttons", "question", "payment", "access", "delay", "text_validation", "button_click", "regex"),
    ]
)


def json_values() -> st.SearchStrategy[Any]:
    """Nested values with the names of a definition among them; lone surrogates, NUL, NaN and huge integers too."""
    texts = st.one_of(_NAMES, st.text(alphabet=st.characters(exclude_categories=()), max_size=20))
    leaves = st.one_of(
        st.none(), st.booleans(), st.integers(), st.just(10**400), st.floats(), texts, st.just("\0"), st.just("\ud800")
    )
    return st.recursive(
        leaves,
        lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(texts, inner, max_size=6)),
        max_leaves=25,
    )
