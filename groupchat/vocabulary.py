"""Every command there is: one table, filled by each module that declares some."""

from groupchat import credentials, orders
from groupchat.commands import COMMANDS

DECLARED_IN = (credentials, orders)
"""Imported so that their commands are in the table."""

__all__ = ["COMMANDS", "DECLARED_IN"]
