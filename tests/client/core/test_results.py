"""Results that come later."""

from twisted.trial.unittest import SynchronousTestCase

from groupchat.client.core.results import Result, failed, succeeded


class ResultTest(SynchronousTestCase):
    def setUp(self) -> None:
        self.told: list[object] = []

    def listen(self, result: Result[int]) -> None:
        result.then(lambda value: self.told.append(("done", value)), lambda error: self.told.append(("failed", error)))

    def test_later(self) -> None:
        """Everybody who listens is told the value once, before and after it came."""
        result: Result[int] = Result()
        self.listen(result)
        self.assertEqual((self.told, result.is_settled), ([], False))
        result.succeed(3)
        self.listen(result)
        self.assertEqual((self.told, result.is_settled), ([("done", 3), ("done", 3)], True))

    def test_failed(self) -> None:
        """So is the error that came instead."""
        error = ValueError("odd")
        self.listen(failed(error))
        result: Result[int] = Result()
        result.then(self.told.append)
        result.fail(error)
        self.assertEqual(self.told, [("failed", error)])

    def test_twice(self) -> None:
        """There is one value or error, and a second one is a mistake of the program."""
        result = succeeded(1)
        self.assertRaises(RuntimeError, result.succeed, 2)
        self.assertRaises(RuntimeError, result.fail, ValueError())
        self.listen(result)
        self.assertEqual(self.told, [("done", 1)])

    def test_cancelled(self) -> None:
        """Of a cancelled one nobody hears any more, and whoever works on it is told, once."""
        result: Result[int] = Result(lambda: self.told.append("cancelled"))
        self.listen(result)
        result.cancel()
        result.cancel()
        result.succeed(3)
        self.listen(result)
        self.assertEqual(self.told, ["cancelled"])

    def test_too_late(self) -> None:
        """What has come cannot be cancelled."""
        result: Result[int] = Result(lambda: self.told.append("cancelled"))
        result.succeed(3)
        result.cancel()
        self.listen(result)
        self.assertEqual(self.told, [("done", 3)])

    def test_mapped(self) -> None:
        """A function of a result comes, fails and is cancelled with it."""
        result: Result[str] = Result(lambda: self.told.append("cancelled"))
        length = result.map(len)
        self.listen(length)
        result.succeed("four")
        self.listen(failed(ValueError("odd")).map(len))
        Result(lambda: self.told.append("cancelled")).map(len).cancel()
        self.assertEqual(self.told[:1], [("done", 4)])
        self.assertEqual([str(told) for told in self.told[1:]], ["('failed', ValueError('odd'))", "cancelled"])
