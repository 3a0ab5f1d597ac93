"""People with accounts, for tests that are not about how one gets one."""

from groupchat.hall.hall import Hall
from groupchat.model.events import AuthorId
from groupchat.model.ranks import Rank
from groupchat.state.accounts import Account
from tests.fakes import hashed
from tests.house import House, Peer


def account(hall: Hall, nick: str, rank: Rank = Rank.MEMBER, password: str = "correct horse") -> Account:
    """Make an account with this nickname, in memory and on disk; the person with the nickname has it from now on."""
    person = hall.roster.find(nick.lower())
    author = person.author if person is not None else AuthorId(len(hall.accounts) + 1)
    made = Account(nick, author, hashed(password), rank, hall.now())
    hall.stream.journal.append([], [], [made.fact()])
    hall.learn(made.fact())
    return made


def member(house: House, nick: str, door: str = "text", rank: Rank = Rank.MEMBER) -> Peer:
    """Return somebody with an account, who has forgotten how they came in."""
    (peer,) = house.come(nick, door=door)
    account(house.hall, nick, rank)
    return peer


def operator(house: House, nick: str, door: str = "text") -> Peer:
    """Return an operator, who has forgotten how they came in."""
    return member(house, nick, door, Rank.OPERATOR)
