"""The commands about accounts: one's own, and those of operators about everybody's."""

import re
from typing import Annotated

from twisted.internet.defer import Deferred

from groupchat.delivery.queue import Entry
from groupchat.model.errors import BadArguments
from groupchat.model.events import Answer
from groupchat.model.ranks import Rank
from groupchat.verbs.commands import COMMANDS
from groupchat.verbs.grammar.arguments import Argument, Nick, Word
from groupchat.verbs.member import Member, Reply


class PasswordArgument(Argument):
    """A password among other arguments: without spaces, as it is."""

    label = "PASSWORD"

    def from_json(self, given: object) -> str:
        if not isinstance(given, str):
            raise BadArguments(f"{self.label} must be a string.")
        return given


class OldPasswordArgument(PasswordArgument):
    """The password one has."""

    label = "OLD"


class PassphraseArgument(PasswordArgument):
    """A password at the end: spaces and all."""

    pattern = re.compile(r"(.+)()", re.DOTALL)


class NewPasswordArgument(PassphraseArgument):
    """The password one wants."""

    label = "NEW"


class CodeArgument(PasswordArgument):
    """An invitation."""

    label = "CODE"


Password = Annotated[str, PasswordArgument()]
OldPassword = Annotated[str, OldPasswordArgument()]
NewPassword = Annotated[str, NewPasswordArgument()]
Passphrase = Annotated[str, PassphraseArgument()]
Code = Annotated[str, CodeArgument()]


@COMMANDS.command(secret=True, cost=5)
def register(me: Member, password: Password, code: Code | None = None) -> Deferred[Entry]:
    """Make your nickname your own: from then on it asks for this password.

    What you said stays yours.  Where accounts need an invitation, its code follows the password.
    Before you have a nickname: "/register NAME PASSWORD".
    """
    return me.register(password, code)


@COMMANDS.command(secret=True, cost=5)
def login(me: Member, name: Word, password: Passphrase) -> Reply:
    """Come in from an account, in the rooms you are in."""
    return me.login(name, password)


@COMMANDS.command(needs=Rank.MEMBER)
def logout(me: Member) -> Reply:
    """Leave, and choose another nickname."""
    return me.logout()


@COMMANDS.command(needs=Rank.MEMBER, secret=True, cost=5)
def password(me: Member, old: OldPassword, new: NewPassword) -> Deferred[Entry]:
    """Change your password."""
    return me.change_password(old, new)


@COMMANDS.command(needs=Rank.MEMBER, secret=True, cost=5)
def unregister(me: Member, password: Passphrase) -> Deferred[Entry]:
    """Give your account up; the nickname is anybody's when you leave."""
    return me.unregister(password)


@COMMANDS.command(needs=Rank.MEMBER, cost=10)
def catchup(me: Member) -> Deferred[Answer]:
    """Show what is new in this room since you were here last."""
    return me.catch_up()


@COMMANDS.command(cost=10)
def mentions(me: Member) -> Deferred[Answer]:
    """Show the newest messages that have your nickname."""
    return me.mentions()


@COMMANDS.command(needs=Rank.OPERATOR, cost=5)
def accounts(me: Member) -> Answer:
    """List the accounts."""
    return me.list_accounts()


@COMMANDS.command(needs=Rank.OPERATOR, secret=True, cost=5)
def adduser(me: Member, name: Word, password: Passphrase) -> Deferred[Entry]:
    """Make an account for somebody."""
    return me.add_account(name, password)


@COMMANDS.command(needs=Rank.OPERATOR)
def removeuser(me: Member, name: Nick) -> Entry:
    """Remove somebody's account; what they said stays."""
    return me.remove_account(name)


@COMMANDS.command(needs=Rank.OPERATOR)
def promote(me: Member, name: Nick) -> Entry:
    """Make somebody with an account an operator of the whole hall."""
    return me.promote(name)


@COMMANDS.command(needs=Rank.OPERATOR)
def demote(me: Member, name: Nick) -> Entry:
    """Make an operator an ordinary member again."""
    return me.demote(name)


@COMMANDS.command(needs=Rank.OPERATOR, secret=True, cost=5)
def setpassword(me: Member, name: Nick, password: Passphrase) -> Deferred[Entry]:
    """Give somebody's account another password."""
    return me.set_password(name, password)


@COMMANDS.command(needs=Rank.OPERATOR)
def invitecode(me: Member) -> Entry:
    """Make a code with which one person can register, once."""
    return me.make_invite()
