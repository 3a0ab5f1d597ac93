"""Views between two runs: their order, and what was not shown of them, which the next run fetches."""

from collections.abc import Iterable
from typing import Any

from groupchat.terminal.display.addressees import Place
from groupchat.terminal.display.views import Gap, View, Views, number_of


def saved(views: Views) -> list[dict[str, Any]]:
    """Return what is worth keeping of the views: of private conversations only those that wait for the person."""
    return [_fields(view) for view in views if view.place.room or view.waits or view.unread]


def restored(items: Iterable[object], since: int) -> Views:
    """Return the views that were saved; what makes no sense is left out.

    :param since: the number up to which everything was shown, or is in the gap of a view.
    """
    views = Views()
    for item in items:
        if not isinstance(item, dict):
            continue
        place = Place(_text(item, "room"), "" if item.get("room") else _text(item, "nick"))
        if not place:
            continue
        view = views.open(place)
        view.topic = _text(item, "topic")
        view.unread, view.read, view.newest = _number(item, "unread"), _number(item, "read"), _number(item, "newest")
        view.mentions = min(_number(item, "mentions"), view.unread)
        after, ahead = _number(item, "after"), item.get("ahead")
        if "after" in item and after < since:
            view.gap = Gap(after, since + 1)
        for number in ahead if isinstance(ahead, list) else ():
            if type(number) is int:
                view.shown_elsewhere(number)
    return views


def _fields(view: View) -> dict[str, Any]:
    fields: dict[str, Any] = {"room": view.place.room} if view.place.room else {"nick": view.place.nick}
    fields |= {"topic": view.topic, "unread": view.unread, "mentions": view.mentions}
    fields |= {"read": view.read, "newest": view.newest}
    if view.waits:
        fields["after"] = view.gap.after if view.gap is not None else number_of(view.held[0]) - 1
        fields["ahead"] = [number for number in view.ahead if number > fields["after"]]
    return fields


def _number(item: dict[Any, Any], name: str) -> int:
    number = item.get(name)
    return number if type(number) is int and number > 0 else 0


def _text(item: dict[Any, Any], name: str) -> str:
    text = item.get(name)
    return text if isinstance(text, str) else ""
