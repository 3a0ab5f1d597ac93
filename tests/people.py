"""People with accounts, for tests that are not about how one gets one."""

from groupchat.facts.account_facts import Account, RankGiven
from groupchat.facts.typed import TypedFact
from groupchat.hall.hall import Hall
from groupchat.model.drafts import Amendment
from groupchat.model.events import SERVER, AuthorId
from groupchat.model.ranks import Rank
from tests.fakes import hashed
from tests.house import House, Peer


def account(hall: Hall, nick: str, rank: Rank = Rank.MEMBER, password: str = "correct horse") -> Account:
    """Make an account with this nickname, in memory and on disk; the person with the nickname has it from now on."""
    person = hall.roster.find(nick.lower())
    author = person.author if person is not None else AuthorId(len(hall.accounts) + 1)
    made = Account(nick, nick.lower(), author, hashed(password), hall.now())
    establish(hall, made)
    if rank is not Rank.MEMBER:
        establish(hall, RankGiven(author, rank, "server", hall.now()))
    return made


def establish(hall: Hall, *facts: TypedFact) -> None:
    """Make facts true, on disk and in memory."""
    for one in facts:
        hall.stream.journal.append([Amendment(SERVER, hall.now(), (one.put(),))])
        hall.consequences.learn(one.put())


def member(house: House, nick: str, door: str = "text", rank: Rank = Rank.MEMBER) -> Peer:
    """Return somebody with an account, who has forgotten how they came in."""
    (peer,) = house.come(nick, door=door)
    account(house.hall, nick, rank)
    return peer


def operator(house: House, nick: str, door: str = "text") -> Peer:
    """Return an operator, who has forgotten how they came in."""
    return member(house, nick, door, Rank.OPERATOR)
