"""Claims: requests to come in under a nickname, with their proofs."""

from dataclasses import dataclass, field

from groupchat.model import text
from groupchat.model.errors import AccessInvalid, NickInvalid, TokenInvalid


@dataclass(frozen=True, slots=True)
class Claim:
    """A request to come in.

    ``token``: proves the client's earlier identity.  ``password``: the account's, or for guests the hall's.
    ``access``: an access token of an account; the nickname is the account's then, and ``nick`` can be empty.
    ``since``: the number after which everything is wanted; ``head``: nothing; None: the last few messages.
    ``login``: only the account with this nickname will do.
    ``register``: make an account with ``password``; ``code`` is then an invitation, or the hall's password.
    ``attended``: a person sits at the program that asks; at other doors there always is one.
    ``rooms``: the rooms to be in, the last one current; empty: in none; None: those the client had, or the lobby.
    ``marks``: the client says itself what its reader has read; nothing counts as read because it was sent.
    ``program``: a program by itself: people are shown it apart from each other, and never that it comes or goes.
    ``quiet``: such a program that only posts: without ``rooms`` it is in no room and in no list.
    """

    nick: str
    token: str | None = field(default=None, repr=False)
    since: int | str | None = None
    password: str | None = field(default=None, repr=False)
    login: bool = False
    register: bool = False
    code: str | None = field(default=None, repr=False)
    attended: bool = False
    rooms: tuple[str, ...] | None = None
    quiet: bool = False
    access: str | None = field(default=None, repr=False)
    marks: bool = False
    program: bool = False

    @property
    def is_program(self) -> bool:
        """Say whether it is a program by itself, which is shown apart from people."""
        return self.program or self.quiet

    def check_lengths(self) -> None:
        """See that nothing is longer than it can be; rooms are checked by ``names``, passwords by ``Admission``.

        :raises NickInvalid: the nickname is.
        :raises BadArguments: the code is.
        :raises TokenInvalid, AccessInvalid: the token is.
        """
        if len(self.nick) > text.NICK.most:
            raise NickInvalid(f"A nickname has at most {text.NICK.most} characters, and this server may take fewer.")
        text.CODE.check(self.code or "")
        if len(self.token or "") > text.TOKEN.most:
            raise TokenInvalid("This token is too long to be one; join without it.")
        if len(self.access or "") > text.TOKEN.most:
            raise AccessInvalid("This is too long to be an access token.")


@dataclass(frozen=True, slots=True)
class Logout:
    """A request to log out and stay connected."""
