"""How much may be uploaded in one request: the first upload handler, which looks before anything is read."""

from typing import Any, Final

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

# The largest file that anybody takes from us, and what a form puts around it.
MOST_UPLOAD_BYTES: Final = 52 * 1024 * 1024


class CappedUpload(FileUploadHandler):
    """Refuses a body that is too long (a 400, before the first byte of it is kept); leaves all else to the others."""

    def handle_raw_input(
        self, input_data: Any, META: dict[str, str], content_length: int, boundary: str, encoding: str | None = None
    ) -> None:
        if content_length > MOST_UPLOAD_BYTES:
            raise RequestDataTooBig("The request holds more than may be uploaded.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Hands on what came."""
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """The handlers behind this one make the file."""
