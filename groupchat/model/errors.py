"""What can go wrong.

A *refusal* is what a person did wrong: it has a stable code, and a sentence that says what to do about it.
It is caught once, in the session, shown as ``!! code: sentence``, and not logged.
Anything else that is raised is our own fault and is logged.
"""

from typing import ClassVar


class Refusal(Exception):
    """A request that is refused.  ``str()`` of it is the sentence for the person."""

    code: ClassVar[str] = "refused"


class NickTaken(Refusal):
    code = "nick-taken"


class NickInvalid(Refusal):
    code = "nick-invalid"


class NickReserved(Refusal):
    code = "nick-reserved"


class TokenInvalid(Refusal):
    """The token is not one of ours, or was forgotten."""

    code = "token-invalid"


class PasswordNeeded(Refusal):
    """The nickname belongs to an account, or the hall has a password."""

    code = "password-needed"


class PasswordWrong(Refusal):
    """There is no such account, or this is not its password: in the same words, so that nobody learns which."""

    code = "password-wrong"


class PasswordWeak(Refusal):
    """Too short, too long, or the nickname itself."""

    code = "password-weak"


class TooManyFailures(Refusal):
    """So many wrong passwords that no more are tried for a while."""

    code = "too-many-failures"


class NotEncrypted(Refusal):
    """Passwords are taken on encrypted connections only."""

    code = "not-encrypted"


class LoginNeeded(Refusal):
    """Guests may not come in."""

    code = "login-needed"


class RegistrationClosed(Refusal):
    """Accounts are made by operators only."""

    code = "registration-closed"


class CodeInvalid(Refusal):
    """An invitation is needed; this one is unknown, used or too old."""

    code = "code-invalid"


class AccountExists(Refusal):
    code = "account-exists"


class NoSuchAccount(Refusal):
    code = "no-such-account"


class Busy(Refusal):
    """More is asked for than can be done now; it works again soon."""

    code = "busy"


class RoomInvalid(Refusal):
    code = "room-invalid"


class NotInRoom(Refusal):
    code = "not-in-room"


class NoSuchNick(Refusal):
    code = "no-such-nick"


class NoSuchRoom(Refusal):
    code = "no-such-room"


class NoSuchMessage(Refusal):
    code = "no-such-message"


class NotYours(Refusal):
    code = "not-yours"


class TooOld(Refusal):
    code = "too-old"


class AlreadyDeleted(Refusal):
    code = "already-deleted"


class NothingToSay(Refusal):
    code = "nothing-to-say"


class UnknownCommand(Refusal):
    code = "unknown-command"


class BadArguments(Refusal):
    code = "bad-arguments"


class NotAllowed(Refusal):
    code = "not-allowed"


class NotJoined(Refusal):
    """Something that needs a nickname first."""

    code = "no-nickname"


class NotUtf8(Refusal):
    code = "not-utf8"


class BadCharacter(Refusal):
    """A character that would break a line, such as U+2028."""

    code = "bad-character"


class LineTooLong(Refusal):
    code = "line-too-long"


class BadJson(Refusal):
    """A line of a program that is not one JSON object, or one of the wrong shape."""

    code = "bad-json"


class HandshakeTimeout(Refusal):
    code = "handshake-timeout"


class TooManyAttempts(Refusal):
    code = "too-many-attempts"


class TooSlow(Refusal):
    code = "too-slow"


class Flooding(Refusal):
    code = "flooding"


class Banned(Refusal):
    """This person, nickname or address may not come in."""

    code = "banned"


class Kicked(Refusal):
    """Put out by somebody who keeps order; coming back is allowed."""

    code = "kicked"


class Muted(Refusal):
    code = "muted"


class SlowMode(Refusal):
    """The room takes one message of each person in so many seconds."""

    code = "slow-mode"


class RoomLocked(Refusal):
    code = "room-locked"


class NothingToUndo(Refusal):
    """There is no such ban, mute or invitation."""

    code = "nothing-to-undo"


class ServerFull(Refusal):
    code = "server-full"


class TooManyConnections(Refusal):
    """This address has too many connections, or makes new ones too fast."""

    code = "too-many-connections"


class ServerError(Refusal):
    """Our own fault, as the person reads it; the cause is in the log."""

    code = "server-error"


class JournalUnavailable(Refusal):
    """The journal cannot take posts now (disk full, too slow); it may later, by itself."""

    code = "journal-unavailable"


class JournalBroken(Exception):
    """The journal can no longer be trusted (I/O error, corruption): nothing more may be acknowledged; exit 70."""


class CannotStart(Exception):
    """The daemon cannot start for a reason the administrator can mend; one sentence, shown without a traceback."""
