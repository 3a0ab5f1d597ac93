"""What is said for what services post: from each a few lines that people can read, and never more than a message."""

import json
from typing import Any
from urllib.parse import urlencode

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from groupchat.doors.requests.payloads import MOST_BYTES, MOST_LINES, shortened, spoken
from groupchat.doors.requests.slack import plain
from groupchat.model.errors import BadArguments, Refusal

FORM, JSON = "application/x-www-form-urlencoded", "application/json"


def said(value: Any, **headers: str) -> str:
    """Return what is said for JSON."""
    return spoken(json.dumps(value).encode(), JSON, {name.replace("_", "-"): text for name, text in headers.items()})


class FormTest(SynchronousTestCase):
    def test_many_fields(self) -> None:
        """A form with very many fields is refused."""
        for body in (b"a=1&" * 1000, b"a=" + b"%&" * 1000):
            with self.assertRaises(BadArguments):
                spoken(body, FORM, {})


class SlackTest(SynchronousTestCase):
    def test_text(self) -> None:
        """A text is said as it is, but for its markup."""
        for given_, expected in (
            ("build ok", "build ok"),
            ("*bold*, ~gone~ and _so_", "bold, gone and _so_"),
            ("2*3*4 ~/bin a_b_c `*x*`", "2*3*4 ~/bin a_b_c `x`"),
            ("<https://x.example/?a=1&amp;b=2|the build> failed", "the build (https://x.example/?a=1&b=2) failed"),
            ("<https://x.example>", "https://x.example"),
            ("<mailto:a@x.example|a@x.example>", "a@x.example"),
            (
                "<!here> <@U123> <#C1|general> <!subteam^S1|@ops> <!date^1^{date}|today>",
                "@here @U123 #general @ops @today",
            ),
            ("a &lt;b&gt; &amp;amp;", "a <b> &amp;"),
            ("1 < 2 > 0", "1 < 2 > 0"),
        ):
            self.assertEqual(plain(given_), expected)
            self.assertEqual(said({"text": given_}), expected)

    def test_form(self) -> None:
        """A form has it in the field payload."""
        body = urlencode({"payload": '{"text": "a + b = ä\\nsecond"}'}).encode()
        self.assertEqual(spoken(body, FORM, {}), "a + b = ä\nsecond")
        self.assertEqual(spoken(b'{"text":"by curl -d"}', FORM, {}), "by curl -d")

    def test_plain_text(self) -> None:
        """Text is said as it is, also from curl, which says that it is a form."""
        for kind in ("text/plain", FORM, ""):
            self.assertEqual(spoken(b"load is 3 = high & rising\r\n", kind, {}), "load is 3 = high & rising", kind)

    def test_attachments(self) -> None:
        """The words of attachments follow those of the message."""
        message = {
            "text": "Alert",
            "attachments": [
                {
                    "pretext": "Since noon",
                    "title": "CPU",
                    "title_link": "https://x.example",
                    "text": "*95 %*",
                    "fields": [{"title": "host", "value": "web1", "short": True}],
                    "fallback": "never",
                },
                {"fallback": "only this"},
            ],
        }
        self.assertEqual(said(message), "Alert\nSince noon\nCPU: https://x.example\n95 %\nhost: web1\nonly this")

    def test_blocks(self) -> None:
        """With blocks, the text is what a notification shows of them, and not said again."""
        message = {
            "text": "in short",
            "blocks": [
                {"type": "header", "text": {"type": "plain_text", "text": "Deploy *v2*"}},
                {
                    "type": "section",
                    "text": {"type": "mrkdwn", "text": "by *alice*"},
                    "fields": [{"type": "mrkdwn", "text": "took 3 s"}],
                },
                {"type": "divider"},
                {"type": "context", "elements": [{"type": "mrkdwn", "text": "<https://x.example|log>"}]},
                {
                    "type": "actions",
                    "elements": [
                        {"type": "button", "text": {"type": "plain_text", "text": "Open"}, "url": "https://x.example"}
                    ],
                },
                {
                    "type": "rich_text",
                    "elements": [
                        {
                            "type": "rich_text_section",
                            "elements": [
                                {"type": "text", "text": "see "},
                                {"type": "link", "url": "https://y.example"},
                                {"type": "emoji", "name": "tada"},
                            ],
                        }
                    ],
                },
            ],
        }
        self.assertEqual(
            said(message),
            "Deploy *v2*\nby alice\ntook 3 s\nlog (https://x.example)\nOpen: https://x.example\nsee https://y.example:tada:",
        )

    def test_discord(self) -> None:
        """Messages for Discord have other names for the same."""
        self.assertEqual(said({"content": "hi", "embeds": [{"title": "T", "description": "D"}]}), "hi\nT\nD")


class ServicesTest(SynchronousTestCase):
    def test_github_push(self) -> None:
        """A push is its branch, its commits and an address."""
        push = {
            "ref": "refs/heads/main",
            "compare": "https://github.com/o/r/compare/a...b",
            "after": "b" * 40,
            "repository": {"full_name": "o/r"},
            "pusher": {"name": "alice"},
            "sender": {"login": "alice"},
            "commits": [
                {"id": f"{number}" * 40, "message": f"Change {number}\n\nBecause.", "author": {"name": "Al"}}
                for number in range(1, 8)
            ],
        }
        lines = said(push, x_github_event="push").split("\n")
        self.assertEqual(lines[0], "[o/r] alice pushed 7 commits to main: https://github.com/o/r/compare/a...b")
        self.assertEqual(lines[1], "1111111 Change 1 (Al)")
        self.assertEqual((len(lines), lines[-1]), (7, "and 2 more commits"))
        gone = {**push, "after": "0" * 40, "deleted": True, "commits": []}
        self.assertEqual(said(gone, x_github_event="push"), "[o/r] alice deleted main")
        form = urlencode({"payload": json.dumps(gone)}).encode()
        self.assertEqual(spoken(form, FORM, {"x-github-event": "push"}), "[o/r] alice deleted main")

    def test_github(self) -> None:
        """Other events are one line each; that a run has begun is worth none."""
        where = {"repository": {"full_name": "o/r", "html_url": "https://h"}, "sender": {"login": "bob"}}
        pull = {"number": 7, "title": "Mend it", "html_url": "https://h/7", "merged": True}
        run = {"name": "CI", "head_branch": "main", "conclusion": "failure", "html_url": "https://h/run"}
        for event, value, expected in (
            ("ping", {"zen": "Keep it simple."}, "[o/r] the hook works: Keep it simple."),
            (
                "pull_request",
                {"action": "opened", "pull_request": pull},
                "[o/r] bob opened pull request #7 Mend it: https://h/7",
            ),
            (
                "pull_request",
                {"action": "closed", "pull_request": pull},
                "[o/r] bob merged pull request #7 Mend it: https://h/7",
            ),
            (
                "issues",
                {"action": "opened", "issue": {"number": 3, "title": "T", "html_url": "https://h/3"}},
                "[o/r] bob opened issue #3 T: https://h/3",
            ),
            (
                "issue_comment",
                {
                    "action": "created",
                    "issue": {"number": 3},
                    "comment": {"body": "Yes\nno", "html_url": "https://h/c"},
                },
                "[o/r] bob commented on #3: Yes: https://h/c",
            ),
            (
                "pull_request_review",
                {
                    "action": "submitted",
                    "pull_request": pull,
                    "review": {"state": "approved", "body": None, "html_url": "https://h/r"},
                },
                "[o/r] bob commented on #7: approved: https://h/r",
            ),
            (
                "release",
                {"action": "published", "release": {"tag_name": "v1", "html_url": "https://h/v1"}},
                "[o/r] bob published release v1: https://h/v1",
            ),
            ("workflow_run", {"action": "completed", "workflow_run": run}, "[o/r] CI on main: failure: https://h/run"),
            ("workflow_run", {"action": "requested", "workflow_run": run}, ""),
            ("create", {"ref": "v1", "ref_type": "tag"}, "[o/r] bob created tag v1"),
            ("star", {"action": "created"}, "[o/r] bob created star: https://h"),
        ):
            self.assertEqual(said({**where, **value}, x_github_event=event), expected)

    def test_gitlab(self) -> None:
        """GitLab says in the body what it posts."""
        where = {"project": {"path_with_namespace": "g/p", "web_url": "https://g"}, "user": {"username": "carol"}}
        push = {
            "object_kind": "push",
            "ref": "refs/heads/dev",
            "user_username": "carol",
            "total_commits_count": 9,
            "commits": [{"id": "abcdef012345", "message": "Do", "author": {"name": "C"}}],
            "after": "a" * 40,
        }
        self.assertEqual(
            said({**where, **push}),
            "[g/p] carol pushed 9 commits to dev: https://g\nabcdef0 Do (C)\nand 4 more commits",
        )
        for value, expected in (
            (
                {
                    "object_kind": "merge_request",
                    "object_attributes": {"iid": 4, "title": "T", "action": "merge", "url": "https://g/4"},
                },
                "[g/p] carol merged merge request !4 T: https://g/4",
            ),
            (
                {
                    "object_kind": "issue",
                    "object_attributes": {"iid": 5, "title": "T", "action": "open", "url": "https://g/5"},
                },
                "[g/p] carol opened issue #5 T: https://g/5",
            ),
            (
                {"object_kind": "note", "object_attributes": {"note": "Hm.\nYes.", "url": "https://g/n"}},
                "[g/p] carol commented: Hm.: https://g/n",
            ),
            (
                {"object_kind": "pipeline", "object_attributes": {"id": 31, "ref": "main", "status": "failed"}},
                "[g/p] pipeline #31 on main: failed: https://g",
            ),
            (
                {"object_kind": "build", "build_name": "test", "ref": "main", "build_status": "success"},
                "[g/p] job test on main: success",
            ),
        ):
            self.assertEqual(said({**where, **value}, x_gitlab_event="Some Hook"), expected)

    def test_alerts(self) -> None:
        """Alertmanager, and Grafana with a title of its own: each alert is a line."""
        alert = {
            "status": "firing",
            "labels": {"alertname": "HighLoad", "instance": "web1:9100"},
            "annotations": {"summary": "Load is 12"},
            "startsAt": "2026-11-26T09:51:03Z",
        }
        plainly = {
            "version": "4",
            "status": "firing",
            "receiver": "chat",
            "groupLabels": {"alertname": "HighLoad"},
            "commonLabels": {"alertname": "HighLoad"},
            "externalURL": "http://am:9093",
            "alerts": [alert, alert],
        }
        self.assertEqual(
            said(plainly).split("\n"),
            ["[FIRING:2] HighLoad: http://am:9093", *["firing: HighLoad (web1:9100): Load is 12"] * 2],
        )
        titled = {**plainly, "title": "[FIRING:1] HighLoad (web1)", "orgId": 1, "alerts": [alert] * 12}
        lines = said(titled).split("\n")
        self.assertEqual((lines[0], lines[-1]), ("[FIRING:1] HighLoad (web1): http://am:9093", "and 2 more alerts"))
        old = {
            "ruleName": "CPU",
            "title": "[Alerting] CPU",
            "message": "too high",
            "ruleUrl": "https://g",
            "state": "alerting",
        }
        self.assertEqual(said(old), "[Alerting] CPU too high: https://g")

    def test_uptime_kuma(self) -> None:
        """Uptime Kuma has its sentence ready, also when it is only tried."""
        value = {
            "heartbeat": {"status": 0, "msg": "timeout"},
            "monitor": {"name": "web"},
            "msg": "[web] [🔴 Down] timeout",
        }
        self.assertEqual(said(value), "[web] [🔴 Down] timeout")
        self.assertEqual(said({"heartbeat": None, "monitor": None, "msg": "web Testing"}), "web Testing")


NAMES = """
    text blocks attachments fields elements title alerts status labels object_kind object_attributes action commits ref
    repository sender pull_request issue comment monitor heartbeat msg type url name
""".split()  # noqa: SIM905  # as prose
"""Names that services use."""


def containers(inner: "st.SearchStrategy[Any]") -> "st.SearchStrategy[Any]":
    """Return arrays of such values, and objects with them."""
    return st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20), containers, max_leaves=30
)
"""JSON with the names that services use, of every type in every place."""


class HostileTest(SynchronousTestCase):
    def test_unknown(self) -> None:
        """What is no form that is known is refused."""
        wrong: list[Any] = [
            {},
            {"foo": "bar"},
            [],
            "text",
            1,
            None,
            {"text": ""},
            {"text": {"a": 1}},
            {"attachments": "x"},
        ]
        for value in wrong:
            self.assertRaises(Refusal, said, value)
        for body, kind in (
            (b"{", JSON),
            (b"\xff", "text/plain"),
            (b"[" * 50_000, JSON),
            (b"--x", "multipart/form-data"),
        ):
            self.assertRaises(Refusal, spoken, body, kind, {})

    @given(ANYTHING, st.sampled_from([None, "push", "issues", "pull_request", "issue_comment", "check_run", "unknown"]))
    def test_anything(self, value: Any, event: str | None) -> None:
        """Whatever is posted is said within bounds, or refused; nothing breaks."""
        try:
            text = said(value, **({"x_github_event": event} if event else {}))
        except Refusal:
            return
        self.assertLessEqual(len(text.encode("utf-8", "replace")), 4096)
        self.assertLessEqual(text.count("\n"), MOST_LINES - 1)

    @given(st.text(max_size=8000) | st.lists(st.text(max_size=20), max_size=200).map("\n".join))
    def test_shortened(self, text: str) -> None:
        """Text is cut to what one message can have, with a sign that it was."""
        cut = shortened(text)
        self.assertLessEqual(len(cut.encode("utf-8", "replace")), MOST_BYTES + 6)
        self.assertLess(cut.count("\n"), MOST_LINES)
        self.assertFalse(set(cut) & set("\r\v\f\x85\u2028\u2029"))
        if len(text.encode("utf-8", "replace")) <= MOST_BYTES and "\n" not in text and not text.isspace():
            self.assertFalse(cut.endswith("…") and not text.rstrip().endswith("…"))

    def test_cost(self) -> None:
        """A long text without an end of anything is read in one go, not again and again."""
        for text in ("<" * 100_000, "*" * 100_000, "<a|" * 30_000, "*a" * 50_000, "&amp;" * 20_000, "~ a" * 30_000):
            self.assertLessEqual(len(said({"text": text}).encode()), 4096)
