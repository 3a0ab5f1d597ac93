"""Nicknames for programs that a person starts without naming one."""

import re

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.stdio.nickname import of_this_user, others, variations


class NicknameTest(SynchronousTestCase):
    @given(st.text())
    def test_valid(self, login: str) -> None:
        """Whatever the login name, every variation can be a nickname, and no two are alike."""
        nicks = list(variations(login))
        for nick in nicks:
            self.assertTrue(re.fullmatch("[A-Za-z][A-Za-z0-9_.-]{1,23}", nick), nick)
        self.assertEqual(len(set(nicks)), 4)

    def test_long(self) -> None:
        """Others for the longest nickname are no longer than that."""
        for nick in others("x" * 24):
            self.assertLessEqual(len(nick), 24)

    def test_kept(self) -> None:
        """A login name that can be a nickname is one."""
        self.assertEqual(next(variations("deborah")), "deborah")

    def test_of_this_user(self) -> None:
        """The user who runs this test has a nickname."""
        self.assertTrue(next(of_this_user()))
