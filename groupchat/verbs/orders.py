"""The commands of those who keep order: room operators in their rooms, operators everywhere."""

from twisted.internet.defer import Deferred

from groupchat.delivery.queue import Entry
from groupchat.model.events import Answer
from groupchat.model.ranks import Rank
from groupchat.model.times import FOREVER
from groupchat.verbs.commands import COMMANDS
from groupchat.verbs.erasure import HOUR
from groupchat.verbs.grammar.arguments import Count, Duration, Nick, Rest, Room, Seconds, Target
from groupchat.verbs.member import Member, Reply

KEEPERS = Rank.ROOM_OPERATOR
"""Who may use most of these: operators, and in their rooms the operators of these."""

# People


@COMMANDS.command(needs=KEEPERS)
def kick(me: Member, nick: Nick, reason: Rest = "") -> Entry:
    """Put somebody out of this room; an operator puts them out of the hall.

    They may come back: /ban keeps them out, /mute lets them stay and say nothing.
    """
    return me.kick(nick, reason)


@COMMANDS.command(needs=KEEPERS)
def ban(me: Member, whom: Target, duration: Duration = FOREVER, reason: Rest = "") -> Entry:
    """Keep somebody out of this room; an operator keeps them, an address or a network out of the hall.

    "/ban bob", "/ban bob 2h spam", "/ban 192.0.2.7 7d", "/ban 2001:db8::/32". Without a duration it holds until /unban.
    Of an IPv6 address its whole /64 is banned, which is what one household has.
    """
    return me.ban(whom, duration, reason)


@COMMANDS.command(needs=KEEPERS)
def unban(me: Member, whom: Target) -> Entry:
    """End a ban."""
    return me.unban(whom)


@COMMANDS.command(needs=KEEPERS, cost=2)
def bans(me: Member) -> Answer:
    """List who is banned, for how long, by whom, and why."""
    return me.list_bans()


@COMMANDS.command(needs=KEEPERS)
def mute(me: Member, nick: Nick, duration: Duration = FOREVER, reason: Rest = "") -> Entry:
    """Let somebody say nothing in this room; for an operator, nowhere. They go on reading."""
    return me.mute(nick, duration, reason)


@COMMANDS.command(needs=KEEPERS)
def unmute(me: Member, nick: Nick) -> Entry:
    """End a mute."""
    return me.unmute(nick)


@COMMANDS.command(needs=KEEPERS, cost=2)
def mutes(me: Member) -> Answer:
    """List who is muted, for how long, by whom, and why."""
    return me.list_mutes()


@COMMANDS.command(needs=KEEPERS, cost=10)
def purge(me: Member, nick: Nick, duration: Duration = HOUR) -> "Deferred[Entry]":
    """Delete all that somebody said in this room in the last hour, or another time; for an operator, in all rooms.

    This cannot be undone.
    """
    return me.purge(nick, duration)


# Rooms


@COMMANDS.command(needs=Rank.OPERATOR)
def op(me: Member, nick: Nick, room: Room = "") -> Entry:
    """Make somebody with an account an operator of this room, or of another."""
    return me.op(nick, room)


@COMMANDS.command(needs=Rank.OPERATOR)
def deop(me: Member, nick: Nick, room: Room = "") -> Entry:
    """Make somebody no operator of a room any more."""
    return me.deop(nick, room)


@COMMANDS.command(needs=KEEPERS)
def slow(me: Member, room: Room, seconds: Seconds) -> Entry:
    """Let each person say something in a room only every so many seconds; 0 ends it."""
    return me.slow_down(room, seconds)


@COMMANDS.command(needs=KEEPERS)
def lock(me: Member, room: Room = "") -> Entry:
    """Let only those into a room who keep order there or are invited; who is in it stays."""
    return me.lock(room)


@COMMANDS.command(needs=KEEPERS)
def unlock(me: Member, room: Room = "") -> Entry:
    """Let everybody into a room again."""
    return me.unlock(room)


@COMMANDS.command(needs=KEEPERS)
def invite(me: Member, nick: Nick, room: Room = "") -> Entry:
    """Let somebody into a room although it is locked, and tell them."""
    return me.invite(nick, room)


@COMMANDS.command(needs=KEEPERS)
def uninvite(me: Member, nick: Nick, room: Room = "") -> Entry:
    """Take an invitation back."""
    return me.uninvite(nick, room)


# The hall


@COMMANDS.command(needs=Rank.OPERATOR)
def motd(me: Member, text: Rest = "") -> Reply:
    """Show the message of the day, or set it; "/motd -" clears it."""
    if not text:
        return me.motd()
    return me.set_motd("" if text == "-" else text)


@COMMANDS.command(needs=Rank.OPERATOR, cost=5)
def announce(me: Member, text: Rest) -> Entry:
    """Say something to everybody, in whichever room they are."""
    return me.announce(text)


@COMMANDS.command(needs=KEEPERS, cost=10)
def modlog(me: Member, count: Count | None = None) -> "Deferred[Answer]":
    """List the last things operators did, oldest first."""
    return me.moderation_log(count)
