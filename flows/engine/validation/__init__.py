"""Whether a definition is sound: every problem at once, for the editor, the API, the admin, import and publication."""

from flows.engine.catalogue import EMPTY_CATALOGUE, CatalogueFacts
from flows.engine.problems import DEFAULT_LOCALE, Problem
from flows.engine.validation.validate import validate

__all__ = ["DEFAULT_LOCALE", "EMPTY_CATALOGUE", "CatalogueFacts", "Problem", "validate"]
