"""The verbs about the connection and the server: preferences, the server's state, a barrier, the end."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred, inlineCallbacks

from groupchat.delivery.queue import Barrier, Change, Receipt
from groupchat.facts.account_facts import KeptPreferences
from groupchat.interfaces.storage import NodeCard, Standing
from groupchat.model import preferences
from groupchat.model.drafts import Deed
from groupchat.model.errors import BadArguments, JournalUnavailable
from groupchat.model.events import Answer, Done, Listed
from groupchat.model.node_operations import NodeState, RemoveNode
from groupchat.model.ranks import Rank
from groupchat.model.times import iso, minute
from groupchat.model.wording import plural
from groupchat.verbs.actor import OPERATORS, Actor, Reply
from groupchat.verbs.grammar.table import Table
from groupchat.verbs.grammar.text_arguments import Reason
from groupchat.verbs.grammar.word_arguments import NodeName, PreferenceName, PreferenceValue, Switch
from groupchat.verbs.visiting import farewell

GENERAL = Table("settings", "settings and the server")

NOTICED_S = 60.0
"""More seconds than pass until it is noticed that a node is gone, with what the clocks of two nodes may differ."""


@GENERAL.verb()
def set_(me: Actor, name: PreferenceName = "", value: PreferenceValue = "", remember: Switch = True) -> Reply:
    """Change how you are shown things, such as "/set zone Europe/Paris"; alone, shows what there is."""
    mine = me.connection.screen.style.preferences
    if not name:
        items = tuple({"name": name, "value": mine.shown(name)} for name in preferences.names())
        return Listed("preferences", tuple(mine.describe()), items)
    if not value:
        raise BadArguments(f"Usage: /set {name} VALUE; /set alone shows the values.")
    name = name.lower()
    shown = mine.changed(name, value).shown(name)
    answer = Done(text=f"{name} is now {shown}.", fields={"name": name, "value": shown})
    account = me.person.account
    # What is remembered for an account holds at each such door where a person sits, now and later.
    kept = remember and account is not None and me.hall.accounts.of(account.author) is not None
    for connection in me.person.connections if kept else (me.connection,):
        if connection is me.connection or (connection.attended and connection.door == me.connection.door):
            connection.screen.prefer(connection.screen.style.preferences.changed(name, value))
            me.hall.readers.review(connection)
            if name == "joins":
                me.hall.attendance.list_again(connection, connection.rooms)
    if not kept or account is None:
        return answer
    before = me.hall.accounts.preferences(account.author, me.connection.door)
    changed = {**(before.changed if before is not None else {}), name: shown}
    after = KeptPreferences(account.author, me.connection.door, changed)
    return me.hall.registration.amend(
        account.author, after.replacing(before), origin=me.connection, ref=me.ref, answer=answer
    )


@GENERAL.verb(cost=2)
def status(me: Actor) -> Answer:
    """Tell how the server is: since when it runs, how many people are here, and whether messages can be stored."""
    hall, commits = me.hall, me.hall.commits
    people, occupied = len(hall.roster), hall.rooms.occupied(hall.moderation.hidden_from(me.person))
    standing = hall.standing()
    here, is_well = ("", True) if standing is None else (" here", not standing.trouble)
    lines = (
        f"groupchat {hall.version} at {hall.settings.name}, running since {minute(hall.since, me.zone)}",
        f"{plural(people, 'person', 'people')}, {plural(len(hall.sessions), 'connection')}{here}, "
        + plural(occupied, "room"),
        f"The highest number is #{hall.stream.delivered}; "
        + plural(commits.queued_posts, "message waits", "messages wait")
        + " to be stored.",
        commits.trouble or ("Messages can be posted." if is_well else JournalUnavailable.UNSTORED),
        *_place(me),
        *_certificate(me),
        *_reload(me),
    )
    certificates, reload = hall.health.validity(), hall.health.reload
    item = {
        "version": hall.version, "name": hall.settings.name, "since": iso(hall.since), "people": people,
        "connections": len(hall.sessions), "rooms": occupied, "head": hall.stream.delivered,
        "queued": commits.queued_posts, "delay": round(commits.delay, 3), "trouble": commits.trouble,
        "certificates": {name: iso(expires) for name, expires in certificates.items()},
        "reloaded": iso(reload.at) if reload else "", "reload_failed": bool(reload and reload.mistake),
    }  # fmt: skip
    if standing is not None:
        item |= {
            "node": standing.node, "nodes": sorted(standing.nodes), "log": standing.head, "applied": standing.applied,
            "append": round(standing.append_seconds, 4), "missing": hall.sharing.files.missing,
            "gone": sorted(standing.gone),
        }  # fmt: skip
    return Listed("status", lines, (item,))


def _place(me: Actor) -> Iterator[str]:
    """Give the line about the cluster, if this is a node of one."""
    standing = me.hall.standing()
    if standing is not None:
        nodes = sorted(standing.nodes)
        took = "nothing can be posted here" if standing.trouble else f"a post takes {_ms(standing.append_seconds)}"
        yield (
            f"This is {standing.node} of {plural(len(nodes), 'node')} ({' '.join(nodes)}); {_ended(standing)}"
            f"{f'the log is at {standing.head:,}' if standing.epoch else 'the log is not read yet'},"
            f" here {standing.applied:,}; {took}."
        )
        if standing.unseen:
            yield standing.unseen
        if standing.trouble and me.rank_in("") >= Rank.OPERATOR:
            yield standing.trouble
    if missing := me.hall.sharing.files.missing:
        yield f"{plural(missing, 'shared file')} must still be fetched from other nodes."


def _ended(standing: Standing) -> str:
    """Say which nodes are stopped, and which are gone; each is said if there is one."""
    said = ""
    for how, is_stopped in (("stopped", True), ("gone", False)):
        names = sorted(name for name, state in standing.gone.items() if state.stopped == is_stopped)
        if names:
            said += f"{' '.join(names)} {'is' if len(names) == 1 else 'are'} {how}; "
    return said


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


@GENERAL.verb(needs=Rank.OPERATOR)
def nodes(me: Actor) -> Answer:
    """List the nodes of the cluster, how far each is, since when others are stopped or gone, and whether they agree."""
    standing = me.hall.standing()
    if standing is None:
        return Listed("nodes", ("This server is alone; it is no node of a cluster.",), ())
    own = NodeCard(standing.epoch, me.hall.version, 0, standing.applied, "")  # while it is cut off it counts as gone
    items = tuple(
        {
            "node": name,
            "own": name == standing.node,
            "epoch": card.epoch,
            "version": card.version,
            "address": card.address,
            "applied": standing.applied if name == standing.node else card.applied,
            "check": card.check,
            "digest": card.digest,
            "trouble": standing.trouble if name == standing.node else "",
            "unseen": standing.unseen if name == standing.node else "",
        }
        for name, card in sorted({standing.node: own, **standing.nodes}.items())
    )
    lines = tuple(
        f"{item['node']}: {_reached(item, standing)}"
        + (f", {item['version']}" if item["version"] else "")
        + (f", at {item['address']}" if item["address"] else "")
        for item in items
    )
    gone = sorted(standing.gone.items())
    keep_s = me.hall.settings.log_keep_h * 3600
    lines += tuple(
        f"{name}: {ended_words(state.stopped)} since {minute(state.at, me.zone)}"
        + (f"; it had carried out entry {state.applied:,}" if state.applied else "")
        for name, state in gone
    )
    trouble = tuple(filter(None, (standing.trouble, standing.unseen)))
    return Listed(
        "nodes", (*lines, compared(items)[1], *trouble), (*items, *(_gone(name, state, keep_s) for name, state in gone))
    )


def _reached(node: Mapping[str, Any], standing: Standing) -> str:
    """Say which entry a node has carried out, and of how many, as far as that is known."""
    if not node["epoch"]:
        return f"waits for its place in the cluster, here entry {node['applied']:,}"
    if not node["applied"]:
        return "has just started"
    more = "at least " if standing.trouble and node["applied"] >= standing.head else ""
    return f"entry {node['applied']:,} of {more}{standing.head:,}"


def ended_words(is_stopped: bool) -> str:
    """Return what a node is since it has ended: whether it said so itself, or is just not there any more."""
    return "stopped" if is_stopped else "not seen"


def _gone(name: str, state: NodeState, keep_s: float) -> dict[str, Any]:
    """Return what is told of a node that is gone.

    :param keep_s: for how many seconds the log keeps what it needs.
    """
    nothing = {"own": False, "version": "", "address": "", "check": 0, "digest": "", "trouble": "", "unseen": ""}
    since = {"stopped": state.stopped, "gone": iso(state.at), "until": iso(state.at + keep_s - NOTICED_S)}
    return {"node": name, "epoch": state.epoch, "applied": state.applied, **nothing, **since}


@GENERAL.verb(needs=Rank.OPERATOR, personal=True)
@inlineCallbacks
def removenode(me: Actor, name: NodeName) -> "Generator[Deferred[Any], Any, Receipt]":
    """Stop listing a node that is gone for good.

    Nothing that it had is removed. If it comes back all the same, it is a node as any other again.
    """
    standing = me.hall.standing()
    if standing is None:
        raise BadArguments("This server is alone; it is no node of a cluster.")
    if name not in standing.gone and name not in standing.nodes:
        gone = f" Gone are: {' '.join(sorted(standing.gone))}." if standing.gone else " None is gone."
        raise BadArguments(f"No node {name} is known here.{gone}")
    receipt = Receipt()
    me.hall.commits.post(Change(RemoveNode(name, me.person.author), receipt))
    yield receipt.result()
    deed = Deed("removenode", f"removed the node {name} from the cluster", name)
    text = f"The node {name} is listed as gone no longer. If it is started again, it is a node of the cluster again."
    return me.decree(deed, needs=OPERATORS, text=text)


def compared(nodes: Sequence[Mapping[str, Any]]) -> tuple[bool, str]:
    """Return whether nodes differ, and the sentence about that: by what two or more found at the same entry."""
    found: dict[int, dict[str, list[str]]] = {}
    for one in nodes:
        if one["check"]:
            found.setdefault(one["check"], {}).setdefault(one["digest"], []).append(one["node"])
    both = {check: digests for check, digests in found.items() if sum(map(len, digests.values())) > 1}
    if not both:
        return (
            False,
            "They have not been compared since the nodes changed; that is done each minute while etcd answers.",
        )
    check, digests = max(both.items())
    if len(digests) == 1:
        return False, f"They have the same, as of entry {check:,}."
    return True, f"THEY DIFFER, as of entry {check:,}: {' / '.join(' '.join(names) for names in digests.values())}."


def _certificate(me: Actor) -> Iterator[str]:
    """Give the line about the certificate that expires first."""
    certificates = me.hall.health.validity()
    if certificates:
        name = min(certificates, key=lambda name: certificates[name])
        over = certificates[name] <= me.hall.now()
        day = minute(certificates[name], me.zone).split()[0]
        where = "" if me.hall.standing() is None else " here"
        yield f"The certificate of {name}{where} {'has expired on' if over else 'is valid until'} {day}."


def _reload(me: Actor) -> Iterator[str]:
    """Give the line about the settings, if they were read again; what is wrong with them is for operators."""
    reload = me.hall.health.reload
    if reload is None:
        return
    when = f"The settings were read again at {minute(reload.at, me.zone)}"
    if reload.mistake and me.rank_in("") >= Rank.OPERATOR:
        yield f"{when}, and stay as they were: {reload.mistake}"
    else:
        yield f"{when}, and stay as they were: there is a mistake." if reload.mistake else f"{when}."


@GENERAL.verb()
def ping(me: Actor) -> Reply:
    """Answer when everything posted before was delivered, or nothing can be stored just now; for programs to send."""
    me.hall.commits.post(Barrier(me.connection, me.ref, Done()))
    return None


@GENERAL.verb("quit")
def exit_(me: Actor, reason: Reason = "") -> Reply:
    """Leave, and close the connection."""
    return depart(me, farewell(me, reason, me.connection.rooms))


def depart(me: Actor, reason: str) -> Reply:
    """Leave the hall; the connection is closed when everything it said is posted and answered."""
    me.hall.attendance.leave(me.connection, reason)
    answer = Done(text=f"Goodbye, {me.person.nick}.")
    me.hall.commits.post(Barrier(me.connection, me.ref, answer, partial(me.connection.screen.close, "exit")))
    return None
