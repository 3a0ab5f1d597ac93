"""Lending of the terminal: to the shell after Ctrl-Z, or to the person's own editor."""

import os
from collections.abc import Awaitable, Callable

from prompt_toolkit.application.current import set_app
from prompt_toolkit.application.run_in_terminal import in_terminal

from groupchat.client.loop.suspending import stop_process
from groupchat.terminal.surfaces.editor.screen import Output, SteadyApplication, TerminalModes
from groupchat.terminal.surfaces.external_editor import EditorFailed, ExternalEditor, command


class Lending:
    """Hands the terminal to another program, in the modes it was found in, and draws the line again afterwards.

    :param leave: is called before, while it can still be written to.
    :param returned: is called afterwards.
    """

    def __init__(
        self, app: SteadyApplication, output: Output, leave: Callable[[], object], returned: Callable[[], object]
    ) -> None:
        self.is_lent = False
        self._app = app
        self._output = output
        self._leave = leave
        self._returned = returned
        self._modes = TerminalModes(app.input)
        self._editor: ExternalEditor | None = None

    def stop(self) -> None:
        """End the editor, if it runs: the client ends."""
        if self._editor is not None:
            self._editor.stop()

    def suspend(self) -> None:
        """Go back to the shell, until it continues this program."""

        async def stop() -> None:
            stop_process()

        if self._editor is not None:
            stop_process()  # the editor, which has the terminal, was stopped, too
        else:
            self._lend(stop)

    def take_again(self) -> None:
        """Take the terminal from a shell that took it while this process was stopped by a signal of somebody else's."""
        if not self.is_lent and self._app.is_running and self._modes.take_again():
            self._app.renderer.reset()
            self._returned()

    def edit(self, text: str, done: Callable[[str], object], failed: Callable[[str], object]) -> None:
        """Let the person edit a text in their own editor.

        :param done: is called with what it has become.
        :param failed: is called with a sentence instead.
        """
        try:
            editor = ExternalEditor(command(os.environ))
        except EditorFailed as error:
            failed(str(error))
            return

        async def edit() -> None:
            self._editor = editor
            try:
                done(await editor.edit(text))
            except EditorFailed as error:
                failed(str(error))
            finally:
                self._editor = None

        self._lend(edit)

    def _lend(self, work: Callable[[], Awaitable[None]]) -> None:
        async def lend() -> None:
            with set_app(self._app):
                async with in_terminal():
                    with self._modes.as_found(), self._output.other_title():
                        await work()
            self.is_lent = False
            self._returned()

        if not self.is_lent and self._app.is_running and not self._app.is_done:
            self.is_lent = True
            self._leave()
            self._app.create_background_task(lend())
