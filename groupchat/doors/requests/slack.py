"""Messages as Slack's incoming webhooks take them, as plain words; those for Discord and Mattermost are similar."""

import re
from collections.abc import Iterator
from typing import Any

from groupchat.doors.requests.parts import items, joined, lines, linked, words
from groupchat.lazy.expressions import expression

_REFERENCE = expression(r"<([^<>|\s]{1,2000})(?:\|([^<>]{0,2000}))?>")
"""A link, or somebody who is mentioned."""

_STYLED = expression(r"(?<![\w*~])([*~])(?=\S)([^*~\n]{1,1000}?)(?<=\S)\1(?![\w*~])")
"""Words in bold, or struck out; those in italics stay as they are, for names have underscores, too."""

_ENTITIES = (("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&"))


def message(value: Any) -> str:
    """Return the text of a message; an empty string: it is none."""
    blocks = "\n".join(filter(None, map(_block, items(value, "blocks", most=50))))
    # With blocks, the text is only what a notification shows of them.
    text = blocks or plain(lines(value, "text"))
    if not text:
        text = lines(value, "content")  # Discord
    attached = (*items(value, "attachments"), *items(value, "embeds"))
    return "\n".join(filter(None, (text, *map(_attachment, attached))))


def plain(text: str) -> str:
    """Return a text in Slack's markup as plain words."""

    def refer(found: re.Match[str]) -> str:
        target, label = found[1], found[2] or ""
        if target[0] in "!@#":
            name = label or target[1:].partition("^")[0]
            return f"{'#' if target[0] == '#' else '@'}{name.lstrip('@#')}"
        target = target.removeprefix("mailto:")
        return target if not label or label == target else f"{label} ({target})"

    text = _STYLED.sub(lambda found: found[2], _REFERENCE.sub(refer, text))
    for entity, character in _ENTITIES:
        text = text.replace(entity, character)
    return text


def _block(block: dict[str, Any]) -> str:
    texts = [_text(block.get("text")), *(_text(field) for field in items(block, "fields"))]
    texts += [_text(element) for element in items(block, "elements")]
    if words(block, "type") == "image":
        texts.append(linked(words(block, "alt_text"), words(block, "image_url")))
    return "\n".join(filter(None, texts))


def _text(element: Any) -> str:
    """Return the text of an element, whichever way it has one."""
    if isinstance(element, dict):
        if isinstance(element.get("text"), dict):  # a button
            return linked(_text(element["text"]), words(element, "url"))
        if isinstance(element.get("elements"), list):  # rich text
            return "".join(_rich(element, 0))
        text = lines(element, "text")
        return text if words(element, "type") == "plain_text" else plain(text)
    return ""


def _rich(element: dict[str, Any], depth: int) -> Iterator[str]:
    for one in items(element, "elements", most=100):
        if words(one, "type") == "link":
            yield linked(words(one, "text"), words(one, "url"))
        elif words(one, "type") == "emoji":
            yield f":{words(one, 'name')}:"
        elif isinstance(one.get("text"), str):
            yield one["text"][:4096]
        elif depth < 4:
            yield from _rich(one, depth + 1)


def _attachment(one: dict[str, Any]) -> str:
    title = linked(plain(words(one, "title")), words(one, "title_link") or words(one, "url"))
    body = plain(lines(one, "text")) or lines(one, "description")
    fields = [
        f"{joined(plain(words(field, 'title') or words(field, 'name')))}: {plain(words(field, 'value'))}".strip(": ")
        for field in items(one, "fields")
    ]
    blocks = "\n".join(filter(None, map(_block, items(one, "blocks"))))
    found = "\n".join(filter(None, (plain(lines(one, "pretext")), title, body, *fields, blocks)))
    return found or plain(words(one, "fallback"))
