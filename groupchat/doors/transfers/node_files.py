"""Give files to the other nodes of a cluster.

Whoever is none is told what anybody is told of an address where there is nothing.
"""

from collections.abc import Generator
from typing import Any, BinaryIO

from twisted.internet.defer import Deferred, inlineCallbacks
from twisted.logger import Logger
from twisted.python.failure import Failure

from groupchat.doors.transfers.file_stream import FileStream
from groupchat.doors.web.site import nothing_here
from groupchat.doors.web.web_request import Answer, Request
from groupchat.model.errors import Refusal

log = Logger()


def serve_node(request: Request, sha256: str) -> None:
    """Send the file with this hash to a node of the cluster that shows that it is one."""

    @inlineCallbacks
    def work() -> "Generator[Deferred[Any], Any, None]":
        reception = request.channel.reception
        opening = reception.visits().open_for_node(sha256, request.header("authorization"))
        request.is_usual = True  # nodes ask one another for files that only some of them have
        file: BinaryIO = yield opening
        if request.gone:
            file.close()
            return
        size = file.seek(0, 2)
        headers = (("content-length", str(size)), ("cache-control", "no-store"))
        answer = Answer(200, b"", "application/octet-stream", headers)
        opened = reception.open_files.share(sha256, file)
        if size and request.method != b"HEAD":
            request.send_head(answer)
            FileStream(request, opened, 0, size, lambda: reception.open_files.release(sha256)).begin()
        else:
            reception.open_files.release(sha256)
            request.send(answer)

    def excused(failure: Failure) -> None:
        if failure.check(Refusal) is None:
            log.failure("A file could not be sent to another node", failure=failure)
        request.send(nothing_here())

    work().addErrback(excused)
