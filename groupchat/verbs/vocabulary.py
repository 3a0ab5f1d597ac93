"""Every command there is: one table, filled by each module that declares some."""

from groupchat.verbs import credentials, orders
from groupchat.verbs.commands import COMMANDS

DECLARED_IN = (credentials, orders)
"""Imported so that their commands are in the table."""

__all__ = ["COMMANDS", "DECLARED_IN"]
