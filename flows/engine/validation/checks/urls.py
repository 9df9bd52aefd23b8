"""URLs are public http(s) addresses, and no variable decides whom they lead to."""

from collections.abc import Iterator

from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.urls import UrlFault, fault_of
from flows.engine.validation.pieces import PieceKind
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject


@check
def urls(subject: Subject) -> Iterator[Finding]:
    for piece in subject.pieces:
        fault = fault_of(piece.text) if piece.kind is PieceKind.URL else None
        if fault is not None:
            code = Code.PRIVATE_URL if fault is UrlFault.PRIVATE else Code.BAD_URL
            yield Finding(code, piece.step_id, piece.field, {})
