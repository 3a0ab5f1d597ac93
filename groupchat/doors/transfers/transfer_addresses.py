"""The addresses of files."""

from collections.abc import Sequence

from groupchat.doors.transfers.downloads import serve_file
from groupchat.doors.transfers.node_files import serve_node
from groupchat.doors.transfers.uploads import begin_in_room, begin_with_query, begin_with_ticket, keep, no_name
from groupchat.doors.web.web_request import Route

ROUTES: Sequence[Route] = (
    Route("PUT", "/f/{ticket}", keep, begin=begin_with_ticket),
    Route("GET", "/f/{link}/{name}", serve_file),
    Route("GET", "/node/files/{sha256}", serve_node),
    Route("PUT", "/rooms/{room}", no_name, check=no_name),
    Route("PUT", "/rooms/{room}/", no_name, check=no_name),
    Route("PUT", "/rooms/{room}/{name}", keep, begin=begin_in_room),
    Route("POST", "/rooms/{room}/files", keep, begin=begin_with_query),
)
"""Every address."""
