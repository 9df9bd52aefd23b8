"""Media, groups and channels that are named belong to the organization."""

from collections.abc import Iterator

from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.validation.pieces import PieceKind
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject


@check
def belongings(subject: Subject) -> Iterator[Finding]:
    catalogue = subject.catalogue
    for piece in subject.pieces:
        if piece.kind is PieceKind.ASSET and piece.text not in catalogue.media:
            yield Finding(Code.UNKNOWN_MEDIA, piece.step_id, piece.field, {"id": piece.text})
        elif piece.kind is PieceKind.CHAT and piece.text not in catalogue.chats:
            yield Finding(Code.UNKNOWN_CHAT, piece.step_id, piece.field, {"id": piece.text})
