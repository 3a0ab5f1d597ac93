"""The addresses of requests about the chat."""

from collections.abc import Sequence

from groupchat.doors.requests.histories import read_room
from groupchat.doors.requests.live import follow_room
from groupchat.doors.requests.saying import body_limit, check_hook, payload_limit, say_at_hook, say_in_room
from groupchat.doors.web.web_request import Route

ROUTES: Sequence[Route] = (
    Route("GET", "/rooms/{room}", read_room),
    Route("POST", "/rooms/{room}", say_in_room, body_limit),
    Route("GET", "/rooms/{room}/live", follow_room),
    Route("POST", "/hooks/{secret}", say_at_hook, payload_limit, check_hook),
)
"""Every address."""
