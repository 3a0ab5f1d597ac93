"""Entries of the log: operations as UTF-8 JSON, which every later version can read.

An entry says which node wrote it in which epoch, as the how-manieth of that, and by which rules.  Whoever does not
know its form, its rules or one of its operations stops there: to skip it would be to disagree with the others.
So whatever older versions cannot read or would carry out otherwise, also a new field of an operation, is written only
when the rules that have it are in force: not before every living node knows them.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from math import isfinite
from operator import attrgetter
from typing import Any

from groupchat.interfaces.shared_log import MAX_ENTRY_BYTES
from groupchat.journals.nodes.ended_tokens import LATE_TOKENS
from groupchat.journals.rules.codec import decode, encode
from groupchat.journals.rules.erasures import LATE_WORDS
from groupchat.journals.rules.field_types import tests_of
from groupchat.lazy.records import record
from groupchat.model.drafts import Draft, Erase, Kind, Operation
from groupchat.model.node_operations import NodeDown, NodeUp, Rules

FORM = 1
"""The form of entries that is written, and the newest that can be read."""

RULES = 2
"""The newest rules that this version knows: they change when the same operations would come to something else.

2: whoever was erased adds nothing behind the erasure, and nothing is added about them (LATE_WORDS, rules/erasures.py):
so an erasure says who had the nickname, and a deed about messages says of which.
A session that a node wants to keep is void, too, if its connection came back at another node and is gone from there, or
if its token has ended behind the entry up to which the node had carried out the log by then (LATE_TOKENS,
nodes/ended_tokens.py); so each entry says that.  Likewise nobody is brought back into a room that they were put out of,
or an account to where it was before another node moved it (LATE_MOVES, nodes/late_moves.py).
A node that is stopped says so (GOODBYES, nodes/attending.py).
The end of a node that is not remembered changes nothing (LATE_ENDS, nodes/attending.py).
"""

MOST_OPERATIONS = 1000
"""The most operations of an entry, which are carried out together."""

_HEADER_BYTES = 1024
"""More than everything in an entry takes besides its operations."""

_INTEGERS = 2**63
"""A table takes whole numbers below this one, and none below its negative."""


_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


class Unreadable(Exception):
    """This version cannot read the entry; the text says why, as an administrator is told."""


@record
class Entry:
    """An entry: its node, that node's epoch, which of the epoch it is from 1 on, the rules, and the operations.

    ``known``: up to which entry the node had carried out the log when the operations were made; 0: it did not say.
    """

    node: str
    epoch: int
    count: int
    rules: int
    operations: tuple[Operation, ...]
    known: int = 0


def written(operation: Operation, rules: int = RULES) -> bytes:
    """Return an operation as it stands in an entry.

    :param rules: the rules in force: what only newer ones have is left out.
    :raises ValueError: it has a value that a journal could not store, or that would not be read.
    """
    text = _written_post(operation) if type(operation) is Draft else None
    if text is not None:
        return text.encode()
    if rules < LATE_WORDS:
        operation = _before_late_words(operation)
    written_fields = encode(operation)
    if "changes" in written_fields:
        _check_read(written_fields)
    else:
        tests = tests_of(type(operation))
        for name in written_fields:
            if name in tests and not tests[name](getattr(operation, name)):
                raise ValueError(f"{name} cannot be {repr(getattr(operation, name))[:80]}")
    return _JSON.encode(written_fields).encode()


_BESIDES = (
    "reader", "to", "target", "not_before", "anyones", "key", "needs", "changes", "reply", "file", "link", "quota",
    "all",
)  # fmt: skip
"""The fields of a draft that a plain post has not."""
_besides = attrgetter(*_BESIDES)
_NOTHING_BESIDES = tuple(field.default for field in fields(Draft) if field.name in _BESIDES)


def _written_post(post: Draft) -> str | None:
    """Return a plain post as it stands in an entry; None: it is none, or has a value that must be looked at.

    Nearly all operations are such, and what writes any operation takes several times as long.
    """
    kind, author, at, within, since = post.kind, post.author, post.at, post.within, post.since
    if (
        _besides(post) != _NOTHING_BESIDES
        or type(kind) is not Kind
        or type(author) is not int
        or not -_INTEGERS <= author < _INTEGERS
        or not type(at) is type(since) is float
        or not (isfinite(at) and isfinite(since))
        or type(within) is not tuple
        or {*map(type, (post.nick, post.room, post.text, post.folded, post.origin, *within))} != {str}
        or not (post.room and post.text and post.folded)
    ):
        return None
    origin = f',"origin":{_quoted(post.origin)}' if post.origin else ""
    known_since = f',"since":{since!r}' if since else ""
    return (
        f'{{"op":"post","kind":"{kind._value_}","author":{author},"nick":{_quoted(post.nick)},"at":{at!r},'
        f'"room":{_quoted(post.room)},"text":{_quoted(post.text)},"folded":{_quoted(post.folded)},'
        f'"within":[{",".join(map(_quoted, within))}]{origin}{known_since}}}'
    )


_quoted = json.encoder.encode_basestring


def entry_bytes(node: str, epoch: int, count: int, rules: int, operations: Sequence[bytes], known: int = 0) -> bytes:
    """Return an entry with these operations, which are written already."""
    name = json.encoder.encode_basestring_ascii(node)
    said = f'"k":{known},' if rules >= LATE_TOKENS else ""
    header = f'{{"v":{FORM},"r":{rules},"n":{name},"e":{epoch},"i":{count},{said}"o":['
    return header.encode() + b",".join(operations) + b"]}"


def groups(sizes: Sequence[int]) -> list[range]:
    """Divide operations among entries, in their order.

    :param sizes: how many bytes each has; none more than ``LARGEST``.
    """
    found: list[range] = []
    first = size = 0
    for index, more in enumerate(sizes):
        if index > first and (size + more > LARGEST or index - first == MOST_OPERATIONS):
            found.append(range(first, index))
            first, size = index, 0
        size += more + 1
    return [*found, range(first, len(sizes))]


LARGEST = MAX_ENTRY_BYTES - _HEADER_BYTES
"""The most bytes that an operation can have."""


def read_entry(data: bytes, known: int = RULES, revision: int = _INTEGERS) -> Entry:
    """Read an entry.

    :param known: the newest rules that are known.
    :param revision: where it stands in the log; no epoch of a node has begun later.
    :raises Unreadable: this version cannot read it.
    """
    try:
        fields: dict[str, Any] = _READ_JSON.decode(str(data, "utf-8"))
        form, rules, until = fields["v"], fields["r"], fields.get("k", 0)
        if form > FORM or rules > known:
            raise Unreadable(
                f"it was written by form {form} and rules {rules}, and this version knows form {FORM} and rules {known}"
            )
        if b"\\u" in data:
            _JSON.encode(fields).encode()  # half a character has no bytes
        if not (type(fields["n"]) is str and type(fields["e"]) is type(fields["i"]) is int and fields["e"] <= revision):
            raise ValueError("it does not say whose it is")
        if not (type(until) is int and 0 <= until < _INTEGERS):
            raise ValueError("it does not say what its node had carried out")
        operations = tuple(map(decode, fields["o"]))
        entry = Entry(fields["n"], fields["e"], fields["i"], rules, operations, until)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        raise Unreadable(f"it cannot be read: {error}") from error
    for operation in operations:
        if isinstance(operation, Rules) and not 0 < operation.rules <= known:
            raise Unreadable(f"rules {operation.rules} begin there, and this version knows rules {known}")
        if isinstance(operation, NodeUp | NodeDown) and operation.epoch > revision:
            raise Unreadable(f"it is about an epoch of {operation.node} that has not begun")  # and would never end
    return entry


def _before_late_words(operation: Operation) -> Operation:
    if isinstance(operation, Erase):
        return replace(operation, authors=())
    if isinstance(operation, Draft) and operation.kind == Kind.MODERATED:
        return replace(operation, target=None)
    return operation


def _no_number(name: str) -> float:
    raise ValueError(f"{name} is no number that can be stored")


_READ_JSON = json.JSONDecoder(parse_constant=_no_number)


def _check_read(fields: Mapping[str, Any]) -> None:
    """:raises ValueError: an operation would not be read: nothing is written at which all nodes would stop."""
    try:
        decode(fields)
    except (LookupError, TypeError, AttributeError) as error:
        raise ValueError(f"it would not be read: {error!r}") from error
