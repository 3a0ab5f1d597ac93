"""What the tests of all kinds of argument ask of them."""

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from groupchat.model.errors import Refusal
from groupchat.verbs.grammar.arguments import Argument, Choices

CHOICES = Choices(lambda: ["alice", "Albert", "bob"], lambda: ["lobby", "dev", "devops"], lambda: ["help", "history"])


class ArgumentCase(SynchronousTestCase):
    """Tests of kinds of argument."""

    def takes(self, kind: type[Argument], line: str, value: object, rest: str = "") -> None:
        """Check that this kind takes a value from the line, and leaves the rest."""
        self.assertEqual(kind().take(line), (value, rest), kind)

    def gives(self, kind: type[Argument], given: object) -> Any:
        """Return what a value of JSON means, or the refusal."""
        try:
            return kind().from_json(given)
        except Refusal as refusal:
            return refusal

    def offers(self, kind: type[Argument], start: str) -> list[str]:
        """Return what is offered for a beginning."""
        return list(kind().complete(CHOICES, start))
