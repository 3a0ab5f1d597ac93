"""Results that come later."""

from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")
U = TypeVar("U")


def _nothing(_: object = None) -> None:
    """Do nothing."""


class Result(Generic[T]):
    """A value that comes later, or the error that comes instead of it.

    :param cancel: is called when nobody is interested any more.
    """

    __slots__ = ("_cancel", "_error", "_is_cancelled", "_listeners", "_value", "is_settled")

    def __init__(self, cancel: Callable[[], object] = _nothing) -> None:
        self.is_settled = False
        self._is_cancelled = False
        self._cancel = cancel
        self._value: Any = None
        self._error: Exception | None = None
        self._listeners: list[tuple[Callable[[T], object], Callable[[Exception], object]]] = []

    def then(self, done: Callable[[T], object], failed: Callable[[Exception], object] = _nothing) -> None:
        """Call one of these with the value or the error: at once if it is there.  They must not raise."""
        if not self.is_settled:
            self._listeners.append((done, failed))
        elif self._is_cancelled:
            return
        elif self._error is None:
            done(self._value)
        else:
            failed(self._error)

    def map(self, change: Callable[[T], U]) -> "Result[U]":
        """Return a result with this function applied to the value; the function must not raise."""
        changed: Result[U] = Result(self.cancel)
        self.then(lambda value: changed.succeed(change(value)), changed.fail)
        return changed

    def succeed(self, value: T) -> None:
        """Settle with this value."""
        if self._may_settle():
            self._value = value
            self._settle()

    def fail(self, error: Exception) -> None:
        """Settle with this error."""
        if self._may_settle():
            self._error = error
            self._settle()

    def cancel(self) -> None:
        """Ignore the value or error that may still come."""
        if not self.is_settled:
            self.is_settled = self._is_cancelled = True
            self._listeners.clear()
            self._cancel()

    def _may_settle(self) -> bool:
        if self.is_settled and not self._is_cancelled:
            raise RuntimeError("this result was settled before")
        return not self._is_cancelled

    def _settle(self) -> None:
        self.is_settled = True
        listeners, self._listeners = self._listeners, []
        for listener in listeners:
            self.then(*listener)


def succeeded(value: T) -> Result[T]:
    """Return a result that is there."""
    result: Result[T] = Result()
    result.succeed(value)
    return result


def failed(error: Exception) -> "Result[Any]":
    """Return a result that will never come."""
    result: Result[Any] = Result()
    result.fail(error)
    return result
