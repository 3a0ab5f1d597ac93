"""What the tests of verbs and their tables have in common."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.errors import Refusal
from groupchat.model.events import Answer, Done
from groupchat.model.ranks import Rank
from groupchat.verbs.actor import Actor
from groupchat.verbs.grammar.arguments import Name, Nick
from groupchat.verbs.grammar.number_arguments import Count, Day, PostId, Since
from groupchat.verbs.grammar.table import Table
from groupchat.verbs.grammar.text_arguments import Rest
from groupchat.verbs.grammar.word_arguments import PreferenceValue
from tests.house import House


def table() -> Table:
    """Return a table with a few commands."""
    table = Table("trying", "trying things out")

    @table.verb("t", "whisper", cost=3)
    def tell(me: Actor, nick: Nick, text: Rest) -> Answer:
        """Tell somebody."""
        return Done(text=f"{nick}|{text}")

    @table.verb()
    def change(me: Actor, id: PostId | None = None, *, text: Rest) -> Answer:
        """Change something.

        Or do not.
        """
        return Done(id or 0, text)

    @table.verb()
    def show(me: Actor, count: Count | None = None, since: Since | None = None, day: Day | None = None) -> Answer:
        """Show a | or two."""
        return Done(text=f"{count} {since} {day}")

    @table.verb(needs=Rank.OPERATOR)
    def shutdown_(me: Actor, when: Name = "now", how: PreferenceValue = "") -> Answer:
        """Stop everything."""
        return Done(text=when)

    return table


class TableCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.table = table()
        (alice,) = House().come("alice")
        self.me = alice.actor

    def typed(self, line: str) -> object:
        """Return the result of a line, or its refusal."""
        try:
            verb, arguments = self.table.read_line(self.me, line)
            return verb.function(self.me, **arguments)
        except Refusal as refusal:
            return type(refusal), str(refusal)

    def asked(self, name: str, **fields: object) -> object:
        """Return the result of a request, or its refusal."""
        try:
            verb, arguments = self.table.read_fields(self.me, name, fields)
            return verb.function(self.me, **arguments)
        except Refusal as refusal:
            return type(refusal), str(refusal)
