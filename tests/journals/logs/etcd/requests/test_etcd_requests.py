"""Requests and answers, as etcd 3.4.23 takes and gives them."""

import json
from base64 import b64encode
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from groupchat.interfaces.shared_log import ForeignLog, LiveNode
from groupchat.journals.logs.etcd.requests.etcd_answers import Place
from groupchat.journals.logs.etcd.requests.etcd_requests import FORM, Request, Requests, cluster_of, compose_form
from groupchat.journals.logs.etcd.requests.server_requests import compact, grant
from tests.journals.logs.etcd.requests.test_etcd_answers import HOSTILE


def b64(text: str) -> str:
    """Encode a text."""
    return b64encode(text.encode()).decode("ascii")


def fields(request: Request[Any]) -> Any:
    """Read what is requested."""
    return json.loads(request.body)


class RequestsTests(SynchronousTestCase):
    """A field that etcd does not know is ignored without a word, so each is looked at."""

    requests = Requests("gc")

    def test_append(self) -> None:
        """Both conditions, both writings, and three things to be told when they do not hold."""
        request = self.requests.append("a1", 7, 3, b"data", 99)
        self.assertEqual(request.path, "/v3/kv/txn")
        live, sent, log = b64("gc/live/a1"), b64("gc/sent/7"), b64("gc/log")
        self.assertEqual(
            fields(request),
            {
                "compare": [
                    {"key": live, "target": "CREATE", "result": "EQUAL", "create_revision": "7"},
                    {"key": live, "target": "LEASE", "result": "EQUAL", "lease": "99"},
                    {"key": sent, "target": "VERSION", "result": "EQUAL", "version": "2"},
                ],
                "success": [
                    {"request_put": {"key": log, "value": b64("data")}},
                    {"request_put": {"key": sent, "lease": "99"}},
                    {"request_range": {"key": log, "keys_only": True}},
                ],
                "failure": [
                    {"request_range": {"key": live, "keys_only": True}},
                    {"request_range": {"key": sent, "keys_only": True}},
                    {"request_range": {"key": log, "keys_only": True}},
                ],
            },
        )

    def test_watch(self) -> None:
        """A watch comes in fragments, from a revision on."""
        request = self.requests.watch(10)
        self.assertEqual(request.path, "/v3/watch")
        created = {"key": b64("gc/log"), "start_revision": "10", "fragment": True}
        self.assertEqual(fields(request), {"create_request": created})

    def test_claim(self) -> None:
        """A place is taken only if nobody has it, and under the lease."""
        body = fields(self.requests.claim("a1", b"card", 99))
        live = b64("gc/live/a1")
        self.assertEqual(
            body["compare"], [{"key": live, "target": "CREATE", "result": "EQUAL", "create_revision": "0"}]
        )
        self.assertEqual(body["success"], [{"request_put": {"key": live, "value": b64("card"), "lease": "99"}}])

    def test_small_ones(self) -> None:
        """Times are whole seconds; compacting frees the disk before it answers."""
        self.assertEqual(fields(grant(10)), {"TTL": 10})
        self.assertEqual(fields(compact(24)), {"revision": "24", "physical": True})


class AnswersTests(SynchronousTestCase):
    """What is zero or empty is left out."""

    requests = Requests("gc")

    def look(self, form: Any, log: Any, live: Any) -> Any:
        """Compose the answer to a look."""
        return {
            "header": {"revision": "40"},
            "succeeded": True,
            "responses": [{"response_range": self.found(one)} for one in (form, log, live)],
        }

    def found(self, one: Any) -> Any:
        """Compose what a range has found."""
        return {"header": {"revision": "40"}, **one, **({"count": str(len(one["kvs"]))} if one else {})}

    def test_view(self) -> None:
        """A look shows the form, the newest entry, and who is alive."""
        answer = self.look(
            {"kvs": [{"key": b64("gc/form"), "value": b64("form"), "version": "1"}]},
            {"kvs": [{"key": b64("gc/log"), "create_revision": "5", "mod_revision": "30", "version": "20"}]},
            {
                "kvs": [
                    {"key": b64("gc/live/a1"), "create_revision": "7", "value": b64("{}")},
                    {"key": b64("gc/live/b/2"), "create_revision": "9"},
                ]
            },
        )
        view = self.requests.view(answer)
        self.assertEqual((view.form, view.first, view.newest, view.revision), (b"form", 5, Place(20, 30), 40))
        self.assertEqual(view.live, {"a1": LiveNode(7, b"{}"), "b/2": LiveNode(9, b"")})

    def test_odd_names(self) -> None:
        """What is no name of a node is no node: people are shown these names."""
        names = ("a1", "", HOSTILE.partition("\ud800")[0], "x" * 65)
        live = {"kvs": [{"key": b64(f"gc/live/{name}"), "create_revision": "7"} for name in names]}
        view = self.requests.view(self.look({}, {}, live))
        self.assertEqual(view.live, {"a1": LiveNode(7, b"")})

    def test_empty_view(self) -> None:
        """A log without an entry has none before what comes next."""
        view = self.requests.view(self.look({}, {}, {}))
        self.assertEqual((view.form, view.first, view.newest, view.live), (b"", 41, Place(0, 0), {}))

    def test_form(self) -> None:
        """The form names the log; one that is missing, newer or somebody else's is refused."""
        self.assertEqual(cluster_of(compose_form("abc")), "abc")
        newer = json.dumps({"form": FORM + 1, "cluster": "abc"}).encode()
        for form, words in (
            (b"", "gone"),
            (newer, "upgrade"),
            (b"[]", "Something else"),
            (b"x", "Something else"),
            (b"{}", "Something else"),
            (compose_form(HOSTILE), "Something else"),
            (compose_form("x" * 65), "Something else"),
            (json.dumps({"form": FORM, "cluster": 5}).encode(), "Something else"),
            (json.dumps({"form": HOSTILE * 100, "cluster": "abc"}).encode(), "upgrade"),
        ):
            with self.assertRaises(ForeignLog) as caught:
                cluster_of(form)
            self.assertIn(words, str(caught.exception))
            self.assertTrue(str(caught.exception).isprintable())
