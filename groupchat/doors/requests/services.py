"""What services post that have a form of their own, as a few readable lines: each function knows one service."""

from collections.abc import Mapping
from typing import Any

from groupchat.doors.requests.parts import count, first_line, items, joined, lines, linked, part, words
from groupchat.model.wording import plural

COMMITS = 5
"""The most commits of a push that are listed."""

ALERTS = 10
"""The most alerts of a notification that are listed."""


def github(event: str, value: Any) -> str:
    """Return what happened at GitHub, or at Gitea and Forgejo, which post the same.

    :param event: the header ``X-GitHub-Event``.
    """
    repository, who, action = (
        words(value, "repository", "full_name"),
        words(value, "sender", "login"),
        words(value, "action").replace("_", " "),
    )
    where = f"[{repository}]" if repository else "[GitHub]"
    if event == "ping":
        return joined(where, "the hook works:", words(value, "zen"))
    if event == "push":
        pusher = words(value, "pusher", "name") or who
        return _push(where, pusher, words(value, "ref"), value, words(value, "compare") or words(value, "compare_url"))
    if event in ("create", "delete"):
        return joined(where, who, f"{event}d", words(value, "ref_type"), words(value, "ref"))
    if event in ("workflow_run", "check_run", "check_suite", "workflow_job"):
        run = part(value, event)
        if action != "completed":
            return ""
        name = words(run, "name") or words(run, "app", "name")
        branch = words(run, "head_branch") or words(run, "check_suite", "head_branch")
        told = joined(where, name, f"on {branch}:" if branch else ":", words(run, "conclusion").replace("_", " "))
        return linked(told, words(run, "html_url"))
    if event == "status":
        return linked(joined(where, words(value, "context"), words(value, "state")), words(value, "target_url"))
    if event == "release":
        named = words(value, "release", "name") or words(value, "release", "tag_name")
        return linked(joined(where, who, action, "release", named), words(value, "release", "html_url"))
    comment = part(value, "comment") if event != "commit_comment" else None
    for kind, name in (("pull_request", "pull request"), ("issue", "issue"), ("discussion", "discussion")):
        thing = part(value, kind)
        if isinstance(thing, dict):
            if kind == "pull_request" and action == "closed" and part(thing, "merged") is True:
                action = "merged"
            number = f"#{words(thing, 'number')}"
            if isinstance(comment, dict) or event == "pull_request_review":
                said = comment if isinstance(comment, dict) else part(value, "review")
                told = joined(where, who, f"commented on {number}:", first_line(said, "body") or words(said, "state"))
                return linked(told, words(said, "html_url"))
            return linked(joined(where, who, action, name, number, words(thing, "title")), words(thing, "html_url"))
    told = joined(where, who, action, event.replace("_", " "))
    return linked(told, words(value, "repository", "html_url"))


def gitlab(value: Any) -> str:
    """Return what happened at GitLab."""
    kind, project = words(value, "object_kind"), words(value, "project", "path_with_namespace")
    what = part(value, "object_attributes")
    who = words(value, "user_username") or words(value, "user", "username") or words(value, "user_name")
    where, address = f"[{project or 'GitLab'}]", words(what, "url")
    if kind in ("push", "tag_push"):
        return _push(where, who, words(value, "ref"), value, words(value, "project", "web_url"))
    if kind in ("issue", "merge_request", "work_item"):
        sign = "!" if kind == "merge_request" else "#"
        done = {"open": "opened", "close": "closed", "reopen": "reopened", "merge": "merged", "approved": "approved"}
        action = done.get(words(what, "action"), "changed")
        named = f"{kind.replace('_', ' ')} {sign}{words(what, 'iid')}"
        return linked(joined(where, who, action, named, words(what, "title")), address)
    if kind == "note":
        return linked(joined(where, who, "commented:", first_line(what, "note")), address)
    if kind == "pipeline":
        told = joined(where, f"pipeline #{words(what, 'id')} on {words(what, 'ref')}:", words(what, "status"))
        return linked(told, address or words(value, "project", "web_url"))
    if kind in ("build", "job"):
        told = joined(
            where, f"job {words(value, 'build_name')} on {words(value, 'ref')}:", words(value, "build_status")
        )
        return linked(told, words(value, "repository", "homepage"))
    if kind == "release":
        return linked(joined(where, "release", words(value, "name"), f"{words(value, 'action')}d"), words(value, "url"))
    if kind == "deployment":
        told = joined(where, f"deployment to {words(value, 'environment')}:", words(value, "status"))
        return linked(told, words(value, "deployable_url"))
    return joined(where, who, kind.replace("_", " "), words(what, "action"))


def alerts(value: Any) -> str:
    """Return the alerts of Prometheus' Alertmanager, or of Grafana, which posts the same and a title."""
    status, every = words(value, "status"), count(value, "alerts")
    title = words(value, "title")
    if not title:
        name = words(value, "commonLabels", "alertname") or words(value, "groupLabels", "alertname")
        title = joined(f"[{status.upper()}:{every}]", name or words(value, "receiver"))
    told = [linked(title, words(value, "externalURL"))]
    for alert in items(value, "alerts", most=ALERTS):
        labels, notes = part(alert, "labels"), part(alert, "annotations")
        name = words(labels, "alertname")
        where = words(labels, "instance") or words(labels, "job")
        summary = words(notes, "summary") or words(notes, "description") or words(notes, "message")
        state = words(alert, "status") or status
        told.append(f"{state}: " + linked(joined(name, f"({where})" if where else ""), summary))
    if every > ALERTS:
        told.append(f"and {plural(every - ALERTS, 'more alert')}")
    return "\n".join(told)


def grafana_before_9(value: Any) -> str:
    """Return an alert of Grafana's older kind."""
    told = joined(words(value, "title"), words(value, "message", most=1000))
    return linked(told, words(value, "ruleUrl"))


def uptime_kuma(value: Any) -> str:
    """Return what Uptime Kuma noticed."""
    return words(value, "msg", most=1000) or joined(words(value, "monitor", "name"), words(value, "heartbeat", "msg"))


def own_form(value: Any, headers: Mapping[str, str]) -> str | None:
    """Return the lines for what a service posted in a form of its own, empty: nothing is worth a line.

    None: it is no form that is known.

    :param headers: the headers of the request that say who posts, by their names in small letters.
    """
    event = headers.get("x-github-event") or headers.get("x-gitea-event") or headers.get("x-forgejo-event")
    if event:
        return github(event, value)
    if "x-gitlab-event" in headers or words(value, "object_kind"):
        return gitlab(value)
    if isinstance(part(value, "alerts"), list) and words(value, "status"):
        return alerts(value)
    if words(value, "ruleName") and words(value, "title"):
        return grafana_before_9(value)
    if isinstance(part(value, "monitor"), dict) or isinstance(part(value, "heartbeat"), dict) or _is_test(value):
        return uptime_kuma(value)
    return None


def _is_test(value: Any) -> bool:
    """Return whether this is what Uptime Kuma posts to try a hook: neither monitor nor heartbeat, only words."""
    return isinstance(value, dict) and set(value) == {"heartbeat", "monitor", "msg"} and bool(lines(value, "msg"))


def _push(where: str, who: str, ref: str, value: Any, address: str) -> str:
    branch = ref.removeprefix("refs/heads/").removeprefix("refs/tags/")
    what = f"tag {branch}" if ref.startswith("refs/tags/") else branch
    if part(value, "deleted") is True or set(words(value, "after")) == {"0"}:
        return joined(where, who, "deleted", what)
    commits = count(value, "commits")
    if not commits:
        return linked(joined(where, who, "pushed", what), address)
    made = max(commits, _number(part(value, "total_commits_count")))
    told = [linked(joined(where, who, f"pushed {plural(made, 'commit')} to {what}"), address)]
    for commit in items(value, "commits", most=COMMITS):
        told.append(
            joined(words(commit, "id")[:7], first_line(commit, "message"), f"({words(commit, 'author', 'name')})")
        )
    if made > COMMITS:
        told.append(f"and {plural(made - COMMITS, 'more commit')}")
    return "\n".join(told)


def _number(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 10**9 else 0
