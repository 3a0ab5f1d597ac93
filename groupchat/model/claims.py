"""What somebody wants to come in as, and with which proof."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Claim:
    """A wish to come in.

    ``token``: proves that one is who one was.  ``password``: the account's, or for guests the hall's.
    ``since``: the number after which one wants everything; ``head``: nothing; None: the last few messages.
    ``login``: whether only the account with this nickname will do.
    ``register``: whether an account is to be made, with ``password``;
    ``code`` is then an invitation, or the hall's password.
    ``attended``: whether a person sits at the program that asks; at other doors there always is one.
    """

    nick: str
    token: str | None = field(default=None, repr=False)
    since: int | str | None = None
    password: str | None = field(default=None, repr=False)
    login: bool = False
    register: bool = False
    code: str | None = field(default=None, repr=False)
    attended: bool = False


@dataclass(frozen=True, slots=True)
class Logout:
    """A wish to leave, and to stay connected."""
