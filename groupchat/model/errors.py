"""Errors.

A *refusal* means that a person asked for something that cannot be done.
It has a stable code, and a sentence that tells the person what to do about it.
It is caught in one place, the session, shown as ``!! code: sentence``, and not logged.
Any other exception is a fault of ours, and is logged.
"""

from typing import ClassVar

BUSY_S = 5.0
"""Seconds after which something can be tried again for which the server had too much to do."""


class Refusal(Exception):
    """A request that is refused.  ``str()`` gives the sentence for the person.

    ``wait``: the seconds after which it can be repeated; 0: not known, or waiting does not help.
    """

    code: ClassVar[str] = "refused"

    def __init__(self, sentence: str = "", wait: float = 0.0) -> None:
        super().__init__(sentence)
        self.wait = wait


class NickTaken(Refusal):
    code = "nick-taken"


class NickInvalid(Refusal):
    code = "nick-invalid"


class NickReserved(Refusal):
    code = "nick-reserved"


class TokenInvalid(Refusal):
    """The token was not issued here, or has expired."""

    code = "token-invalid"


class AccessInvalid(Refusal):
    """The access token is unknown, or was revoked."""

    code = "access-invalid"


class PasswordNeeded(Refusal):
    """The nickname belongs to an account, or the server requires a password."""

    code = "password-needed"


class PasswordWrong(Refusal):
    """The account does not exist, or the password is wrong: the same words for both, so that nobody learns which."""

    code = "password-wrong"


class PasswordWeak(Refusal):
    """The password is too short, too long, or the nickname itself."""

    code = "password-weak"


class TooManyFailures(Refusal):
    """There were so many wrong passwords that further ones are not checked for a while."""

    code = "too-many-failures"


class TooManyRegistrations(Refusal):
    """So many accounts were made from this address that further ones have to wait."""

    code = "too-many-registrations"


class NotEncrypted(Refusal):
    """Passwords are accepted on encrypted connections only."""

    code = "not-encrypted"


class LoginNeeded(Refusal):
    """Guests are not admitted."""

    code = "login-needed"


class RegistrationClosed(Refusal):
    """Only operators can create accounts."""

    code = "registration-closed"


class CodeInvalid(Refusal):
    """An invitation code is required; this one is unknown, used or expired."""

    code = "code-invalid"


class AccountExists(Refusal):
    code = "account-exists"


class Outdated(Refusal):
    """Somebody else has just changed what the request builds on; ``kind`` and ``name`` say which fact."""

    code = "outdated"

    def __init__(self, sentence: str, kind: str = "", name: str = "") -> None:
        super().__init__(sentence)
        self.kind = kind
        self.name = name


class NoSuchAccount(Refusal):
    code = "no-such-account"


class TooSlowSearch(Refusal):
    """The search took too long and was given up, so that others need not wait."""

    code = "too-slow-search"


class Busy(Refusal):
    """The server is too busy for this request; it can be repeated soon."""

    code = "busy"


class RoomInvalid(Refusal):
    code = "room-invalid"


class NotInRoom(Refusal):
    code = "not-in-room"


class AmbiguousReply(Refusal):
    """Two people have written privately, the second one just now, so it is not clear who is answered."""

    code = "ambiguous-reply"


class NoSuchNick(Refusal):
    code = "no-such-nick"


class RoomLost(Refusal):
    """Somebody else took away the room that the person's lines went to; this is told before anything is said elsewhere.

    It is refused once; the same again is done in the room that lines go to now.
    """

    code = "room-lost"


class NoSuchRoom(Refusal):
    code = "no-such-room"


class NoSuchHook(Refusal):
    """A service posts to an address that is none, or none any more."""

    code = "no-such-hook"


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
    """The request needs a nickname first."""

    code = "no-nickname"


class NotUtf8(Refusal):
    code = "not-utf8"


class BadCharacter(Refusal):
    """The line contains a character that ends a line in some program, such as U+2028."""

    code = "bad-character"


class SecretInLine(Refusal):
    """What is to be shown to others contains an access token."""

    code = "secret-in-line"


class HeldLine(Refusal):
    """What is to be said, or to be a nickname, may be a password; the same once more is taken as it is meant."""

    code = "held-line"


class TooLong(Refusal):
    """What is to be said has too many bytes or lines."""

    code = "too-long"


class FileTooLarge(Refusal):
    """A file has more bytes than one may have here."""

    code = "file-too-large"


class QuotaExceeded(Refusal):
    """Somebody shares as much as they may already."""

    code = "quota-exceeded"


class FilesUnavailable(Refusal):
    """No more files can be kept just now, or none at all on this server."""

    code = "files-unavailable"


class NoSuchTicket(Refusal):
    """A file is sent with a ticket that is unknown, used or too old."""

    code = "no-such-ticket"


class NoSuchFile(Refusal):
    """There is no file with this link, or none any more."""

    code = "no-such-file"


class LineTooLong(Refusal):
    code = "line-too-long"


class BadJson(Refusal):
    """A program sent a line that is not a JSON object, or one of the wrong shape."""

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
    """This person, nickname or address is banned."""

    code = "banned"


class Kicked(Refusal):
    """An operator removed the person, who may come back."""

    code = "kicked"


class ConfirmationNeeded(Refusal):
    """The request cannot be undone: it is carried out when it is made once more."""

    code = "confirmation-needed"


class Replaced(Refusal):
    """The same person joined again from elsewhere; a client told so does not come back by itself."""

    code = "replaced"


class TimedOut(Refusal):
    """The peer's network had vanished, and its nickname was wanted; it is told so if it comes back."""

    code = "timed-out"


class LoggedOut(Refusal):
    """The connection was ended from another one of the same account, or because its password or account is gone."""

    code = "logged-out"


class Muted(Refusal):
    code = "muted"


class SlowMode(Refusal):
    """The room accepts one message from each person per so many seconds."""

    code = "slow-mode"


class RoomLocked(Refusal):
    code = "room-locked"


class RoomClosed(Refusal):
    """An operator has closed the room, and nobody comes in or says anything there until it is opened again."""

    code = "room-closed"


class NothingToUndo(Refusal):
    """The ban, mute or invitation to be ended does not exist."""

    code = "nothing-to-undo"


class ServerFull(Refusal):
    code = "server-full"


class TooManyConnections(Refusal):
    """This address has too many connections, or opens new ones too fast."""

    code = "too-many-connections"


class ServerError(Refusal):
    """A fault of ours, as the person is told of it; the cause is in the log."""

    code = "server-error"


class JournalUnavailable(Refusal):
    """The journal cannot accept posts now (disk full, too slow); it may recover by itself.

    ``is_general``: whether that holds for everybody, who is told so; else only what is refused could not be stored.
    """

    code = "journal-unavailable"

    NOT_KNOWN: ClassVar[str] = "It is not known whether this was stored: see if it is there before you send it again."
    """Said of what was under way when the journal was given up; programs may send it again with the same key."""

    UNSTORED: ClassVar[str] = "Messages cannot be stored just now."
    """Said to people of what whoever runs the server is told in other words."""

    UNSUITABLE: ClassVar[str] = "Something could not be stored. Send your message again."
    """Said of a value that no door should let through."""

    def __init__(self, sentence: str = "", wait: float = 0.0, is_general: bool = True) -> None:
        super().__init__(sentence, wait)
        self.is_general = is_general


class NodeLost(Refusal):
    """The node was cut off from its cluster for so long that its people count as gone; they can come in again."""

    code = "node-lost"


class SearchUnavailable(Refusal):
    """The index by which messages are found is damaged; everything else works."""

    code = "search-unavailable"


class JournalBroken(Exception):
    """The journal can no longer be trusted (I/O error, corruption): acknowledge nothing more, exit with status 70."""


class CannotStart(Exception):
    """The daemon cannot start, for a reason the administrator can fix; one sentence, shown without a traceback.

    ``status``: the exit status.
    """

    status: ClassVar[int] = 1


class CannotFollow(CannotStart):
    """This node cannot carry out the log of its cluster until somebody mends that; a supervisor must not try again."""

    status: ClassVar[int] = 70


class JournalFailed(CannotStart):
    """The journal failed earlier, and has not been checked since; a supervisor must not try again."""

    status: ClassVar[int] = 70
