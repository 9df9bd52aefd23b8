"""Media, groups and channels that are named belong to the organization, and a file can be sent as it is wanted."""

from collections.abc import Iterator

from flows.engine.media import may_be_sent_as
from flows.engine.problem_codes import Code
from flows.engine.problems import Finding
from flows.engine.validation.pieces import Piece, PieceKind
from flows.engine.validation.registry import check
from flows.engine.validation.subject import Subject


@check
def belongings(subject: Subject) -> Iterator[Finding]:
    for piece in subject.pieces:
        if piece.kind is PieceKind.ASSET:
            yield from _of_file(subject, piece)
        elif piece.kind is PieceKind.CHAT and piece.text not in subject.catalogue.chats:
            yield Finding(Code.UNKNOWN_CHAT, piece.step_id, piece.field, {"id": piece.text})
        elif piece.kind is PieceKind.CHAT and piece.text in subject.catalogue.closed_chats:
            yield Finding(Code.CHAT_WITHOUT_RIGHTS, piece.step_id, piece.field)


def _of_file(subject: Subject, piece: Piece) -> Iterator[Finding]:
    kind = subject.catalogue.media.get(piece.text)
    if kind is None:
        yield Finding(Code.UNKNOWN_MEDIA, piece.step_id, piece.field, {"id": piece.text})
    elif piece.media is not None and not may_be_sent_as(kind, piece.media):
        yield Finding(Code.MEDIA_KIND, piece.step_id, piece.field, {"kind": kind, "wanted": piece.media})
