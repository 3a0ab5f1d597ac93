"""The list of views for people."""

from groupchat.model.wording import plural
from groupchat.terminal.display.views import Views


def view_list(views: Views) -> str:
    """Return the views, each in a line, with their numbers and what is unread there."""
    lines = []
    for number, view in enumerate(views, 1):
        what = plural(view.unread, "unread message") if view.unread else "nothing unread"
        marked = f", {view.mentions} for you" if view.mentions else ""
        here = " (you are here)" if view is views.current else ""
        gone = " (you are no longer there)" if view.is_over else ""
        private = ", in private" if view.place.nick else ""
        lines.append(f"{number} {view.place}{private}: {what}{marked}{here}{gone}")
    return "\n".join(lines) or "You are in no room."
