"""What a file is asked about a cluster."""

from groupchat.journals.nodes.log_marks import Mark
from groupchat.journals.nodes.sqlite_nodes import SqliteNodes
from groupchat.model.drafts import Revoke
from tests.journals.cases import session
from tests.journals.contract import ALICE
from tests.journals.sqlite.files import FileCase


class MarksTests(FileCase):
    """Which tokens have ended, and who was moved: of as many people as come and go in weeks."""

    def test_costs_what_is_found(self) -> None:
        """No statement reads more of a table than it finds, or sorts that."""
        database = self.database.within
        nodes, statements = SqliteNodes(database, 0), list[str]()
        database.set_trace_callback(statements.append)
        nodes.keep_end(Revoke(ALICE, only="a"), Mark(2, 5.0))
        nodes.has_ended(session(ALICE, "a"), 1)
        nodes.forget_ends(4.0)
        nodes.ends_of(ALICE)
        nodes.ends_behind((3, "", "a"), 9)
        nodes.remove_end(Revoke(ALICE, only="a"))
        nodes.keep_move(ALICE, "dev", Mark(2, 5.0))
        nodes.moves_behind(ALICE, 1)
        nodes.forget_moves(4.0)
        nodes.moves_after((3, "dev"), 9)
        database.set_trace_callback(None)
        asked = [one for one in statements if one.strip().startswith(("SELECT", "DELETE"))]
        plans = [[plan for *_, plan in database.execute(f"EXPLAIN QUERY PLAN {one}")] for one in asked]
        self.assertEqual(plans, [
            ["SEARCH ended_tokens USING COVERING INDEX ended_tokens_number (author=? AND number>?)"],
            ["SEARCH ended_tokens USING COVERING INDEX ended_tokens_at (at<?)"],
            ["SEARCH ended_tokens USING PRIMARY KEY (author=?)"],
            ["SEARCH ended_tokens USING PRIMARY KEY ((author,kept_digest,only_digest)>(?,?,?))"],
            ["SEARCH ended_tokens USING PRIMARY KEY (author=? AND kept_digest=? AND only_digest=?)"],
            ["SEARCH moved USING COVERING INDEX moved_number (author=? AND number>?)"],
            ["SEARCH moved USING COVERING INDEX moved_at (at<?)"],
            ["SEARCH moved USING PRIMARY KEY ((author,room)>(?,?))"],
        ])  # fmt: skip
