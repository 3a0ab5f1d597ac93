"""The verbs about the connection and the server: preferences, the server's state, a barrier, the end."""

from collections.abc import Iterator
from functools import partial

from groupchat.delivery.queue import Barrier
from groupchat.facts.account_facts import KeptPreferences
from groupchat.model import preferences
from groupchat.model.errors import BadArguments
from groupchat.model.events import Answer, Done, Listed
from groupchat.model.ranks import Rank
from groupchat.model.times import iso, minute
from groupchat.model.wording import plural
from groupchat.verbs.actor import Actor, Reply
from groupchat.verbs.grammar.table import Table
from groupchat.verbs.grammar.text_arguments import Reason
from groupchat.verbs.grammar.word_arguments import PreferenceName, PreferenceValue, Switch
from groupchat.verbs.visiting import farewell

GENERAL = Table("settings", "settings and the server")


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
    people, occupied = len(hall.roster), sum(1 for room in hall.rooms if room.members and me.reveals(room.name))
    lines = (
        f"groupchat {hall.version} at {hall.settings.name}, running since {minute(hall.since, me.zone)}",
        f"{plural(people, 'person', 'people')}, {plural(len(hall.sessions), 'connection')}, "
        + plural(occupied, "room"),
        f"The highest number is #{hall.stream.delivered}; {commits.queued} wait to be stored.",
        commits.trouble or "Messages can be posted.",
        *_certificate(me),
        *_reload(me),
    )
    certificates, reload = hall.health.validity(), hall.health.reload
    item = {
        "version": hall.version, "name": hall.settings.name, "since": iso(hall.since), "people": people,
        "connections": len(hall.sessions), "rooms": occupied, "head": hall.stream.delivered, "queued": commits.queued,
        "delay": round(commits.delay, 3), "trouble": commits.trouble,
        "certificates": {name: iso(expires) for name, expires in certificates.items()},
        "reloaded": iso(reload.at) if reload else "", "reload_failed": bool(reload and reload.mistake),
    }  # fmt: skip
    return Listed("status", lines, (item,))


def _certificate(me: Actor) -> Iterator[str]:
    """Give the line about the certificate that expires first."""
    certificates = me.hall.health.validity()
    if certificates:
        name = min(certificates, key=lambda name: certificates[name])
        over = certificates[name] <= me.hall.now()
        day = minute(certificates[name], me.zone).split()[0]
        yield f"The certificate of {name} {'has expired on' if over else 'is valid until'} {day}."


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
    """Answer when everything posted before was delivered; for programs to send."""
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
