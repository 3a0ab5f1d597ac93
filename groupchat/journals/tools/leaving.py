"""Take a data folder out of its cluster, so that it can go on alone or begin another one."""

import contextlib
import sqlite3
from pathlib import Path

from groupchat.journals.nodes.sqlite_nodes import leave_cluster, place_of
from groupchat.journals.sqlite.database import connect, damaged, form, newest_form, older, recognise
from groupchat.journals.sqlite.folder import DATABASE, holding
from groupchat.journals.sqlite.statements import HEAD
from groupchat.journals.tools.belonging import forget_node
from groupchat.model.errors import CannotStart
from groupchat.model.node_operations import Place


def leave(data: Path) -> Place:
    """Forget which log the journal in a data folder has carried out, and how far; return that.

    Messages, accounts and everything else stay.  What is said from then on is of another origin than what the cluster
    says.

    :raises CannotStart: there is no journal, or it belongs to no cluster, or a daemon is using it.
    """
    path = data / DATABASE
    with holding(path):
        try:
            with contextlib.closing(connect(path)) as database:
                recognise(database, path)
                if form(database) < newest_form():
                    raise older(path, form(database))
                place = place_of(database)
                if place is None:
                    raise CannotStart(f"{path} belongs to no cluster.")
                database.execute("PRAGMA synchronous = FULL")
                database.execute("BEGIN IMMEDIATE")
                (head,) = database.execute(HEAD).fetchone()
                leave_cluster(database, head)
                database.execute("COMMIT")
        except sqlite3.Error as error:
            raise damaged(path, str(error)) from error
        forget_node(data)
    return place
