"""The addresses of the web door, and what every request is judged by before any of them answers."""

import json
from collections.abc import Sequence
from typing import Any

from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.http import datetimeToString

from groupchat.doors.web import forwarding, page_files, same_site
from groupchat.doors.web.upgrade import upgrade
from groupchat.doors.web.web_request import JSON, Answer, Request, Route, told
from groupchat.interfaces.entrances import IReception
from groupchat.lazy.expressions import expression
from groupchat.model.errors import Banned, JournalUnavailable, Refusal, ServerError, ServerFull, TooManyConnections
from groupchat.model.networks import origin

SAFE = ("GET", "HEAD")

HEALTH = "/health"

NODE_PATHS = "/node/"
"""The beginning of the addresses for other nodes of the cluster, which show that they are such."""

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self'",
        "connect-src 'self'{sockets}",
        "manifest-src 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
    )
)
"""The Content-Security-Policy of everything: nothing inline, nothing from elsewhere.

``sockets``: our own again, for WebSocket; some browsers (Safari before 15.4) do not take ``'self'`` for that.
"""

STATUSES: tuple[tuple[type[Refusal], int], ...] = (
    (Banned, 403),
    (TooManyConnections, 429),
    (ServerFull, 503),
    (JournalUnavailable, 503),
    (ServerError, 500),
    (forwarding.ForwardingWrong, 400),
)
"""The status of each refusal."""

SHARED = (
    ("access-control-allow-headers", "authorization, content-type, idempotency-key, last-event-id"),
    ("access-control-allow-methods", "GET, HEAD, POST, PUT"),
    ("access-control-expose-headers", "link, retry-after"),
    ("access-control-max-age", "600"),
    ("cross-origin-resource-policy", "cross-origin"),
)
"""What a page of a site in the settings may send and read, beside what every page may (the Fetch standard)."""

FOR_PROGRAMS = ("/rooms/", "/hooks/", "/f/")
"""The beginnings of the addresses that programs ask for."""

SECRET_PATHS = expression(r"/(hooks|f|rooms/[^/?\s]+)/(?!(?:live|files)?(?:[?\s]|\Z))[^?\s]+")
"""Parts of addresses that open something to whoever knows them, or name a file, which is part of what people say."""

SECRETS = expression(r"[0-9a-fA-F]{16,}|(?<=gc[th]_)[^/?\s]+")
"""What may be such a part where it does not belong, as in an address that was copied wrongly."""


def root(request: Request) -> Answer:
    """Answer a browser with the page, and others with how to join."""
    if request.accepts("text/html") and page_files.INDEX in page_files.page_files()[1]:
        return page_files.serve_index(request)
    port = getattr(request.getHost(), "port", 5000)
    where = request.header("host") or f"HOST:{port}"
    scheme = "https" if request.secure else "http"
    return Answer(
        200,
        (
            "This is groupchat, a chat for browsers and terminals:\n\n"
            f"    {scheme}://{where}/\n    curl -N {scheme}://{where}/rooms/lobby/live\n"
            f"    curl -d hello '{scheme}://{where}/rooms/lobby?nick=NAME'\n"
            f"    nc HOST {port}\n    telnet HOST {port}\n"
            f"    openssl s_client -quiet -connect HOST:{port}\n    groupchat join --tls HOST:{port}\n\n"
            "HOST is the name that brought you here.\n"
        ).encode(),
        headers=(("vary", "accept, accept-encoding"), ("cache-control", "no-cache")),
    )


def health(request: Request) -> Answer:
    """Answer whoever asks whether anything answers; of a node of a cluster, whether people can be sent to it."""
    is_ready = not request.channel.reception.unready()  # why is not for everybody
    return told(200 if is_ready else 503, "ok" if is_ready else "not ready", ("cache-control", "no-store"))


def robots(_: Request) -> Answer:
    """Keep the rooms out of search engines."""
    return Answer(200, b"User-agent: *\nDisallow: /\n")


ROUTES: Sequence[Route] = (
    Route("GET", "/", root),
    Route("GET", "/ws", upgrade),
    Route("GET", "/page/{name}", page_files.serve_file),
    Route("GET", "/page/{version}/{name}", page_files.serve_file),
    Route("GET", "/health", health),
    Route("GET", "/robots.txt", robots),
)
"""Every address."""


class Site:
    """The addresses, on the ports of this reception."""

    log = Logger()

    def __init__(self, reception: IReception, routes: Sequence[Route] = ROUTES) -> None:
        self._reception = reception
        self.routes = routes
        page_files.page_files()  # now, not while a browser waits, and everybody else

    # The channel calls these.

    def judge(self, request: Request, method: str, path: str) -> None:
        """Judge a request by its head: set what answers it, or why nothing does."""
        try:
            self._set_origin(request)
            request.refusal = self._check(request, method, path) or self._find_route(request, method, path)
        except Refusal as refusal:
            self._reception.turned_away[refusal.code] += 1
            request.refusal = refused(refusal, path)
        except Exception:
            request.refusal = self._failed()

    def answer(self, request: Request) -> None:
        """Answer a request that is whole."""
        answer = request.refusal
        if answer is None and request.route is not None:
            try:
                answer = request.route.function(request, **request.parts)
            except Refusal as refusal:
                answer = refused(refusal, request.path.decode("ascii", "replace"))
            except Exception:
                answer = self._failed()
        if answer is not None:
            request.send(answer)

    def headers(self, party: Any) -> list[tuple[str, str]]:
        """Return the headers of every answer to this request, or to this connection if none could be read."""
        host = getattr(party, "host_name", "")
        sockets = f" ws://{host} wss://{host}" if host else ""
        headers = [
            ("server", "groupchat"),
            ("date", datetimeToString().decode()),
            ("content-security-policy", POLICY.format(sockets=sockets)),
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
        ]
        headers += self._sharing(party)
        if party.secure:
            headers.append(("cross-origin-opener-policy", "same-origin"))
            if self._reception.settings.tls_required:
                # It is about the name, not about this port: where plain HTTP is allowed, it would break others.
                headers.append(("strict-transport-security", "max-age=31536000"))
        return headers

    def note(self, address: str, line: bytes, status: int) -> None:
        """Log a request that was refused, without what in its address opens something."""
        words = line.decode("ascii", "replace").partition("?")[0]
        method, _, rest = SECRETS.sub("…", SECRET_PATHS.sub(r"/\1/…", words)).partition(" ")
        path = rest.partition(" ")[0]
        # Pages are asked for all the time, and who does what in the chat is logged there.
        if status >= 400 and self._reception.log_limits.allows("requests over HTTP that were refused"):
            self.log.info(
                "Refused {method} {path} of {address}: {status}",
                method=method, path=path, address=origin(address), status=status,
            )  # fmt: skip

    # How

    def _sharing(self, party: Any) -> Sequence[tuple[str, str]]:
        """Return who may read the answer: our own page, or that of a site in the settings, if it asks."""
        page = party.header("origin") if isinstance(party, Request) else ""
        if page and page.lower() in self._reception.settings.web_origins:
            return (("access-control-allow-origin", page), *SHARED)
        return (("cross-origin-resource-policy", "same-origin"),)

    def _failed(self) -> Answer:
        """Log the error that is being handled; return the answer."""
        self.log.failure("A request could not be answered", failure=Failure())
        return refused(ServerError("Something went wrong here; it is in the log."))

    def _set_origin(self, request: Request) -> None:
        """Set where a request comes from, which a proxy says.

        :raises Refusal: it does not, or the address is banned.
        """
        if request.channel.is_proxy:
            chain = request.header("x-forwarded-for")
            if chain:
                request.address = forwarding.client(chain, self._reception.is_proxy)
            request.secure = request.secure or forwarding.is_encrypted(request.header("x-forwarded-proto"))
        self._reception.check_address(request.address)

    def _check(self, request: Request, method: str, path: str) -> Answer | None:
        """Return why a request is refused whatever it asks for; None: it is not."""
        settings = self._reception.settings
        if path == HEALTH:
            return None
        # A node may be at the address of a proxy; it speaks for itself.
        if request.channel.is_proxy and not request.address and not path.startswith(NODE_PATHS):
            forwarding.client("", self._reception.is_proxy)
        host = request.header("host")  # more than one would be a list, and no host
        if host and same_site.host(host) is None:
            return told(400, "The Host header is none.")
        request.host_name = host
        if not request.secure:
            if settings.tls_required and request.address:
                target = request.channel.target
                if not host:
                    return told(400, "This server takes encrypted requests only: ask by https.")
                return told(308, "Ask by https.", ("location", f"https://{host}{target}"))
            server = getattr(request.getHost(), "host", "")
            if (
                host
                and _may_be_a_page(request, method, path)
                and not same_site.is_ours(host, server, request.address, settings)
            ):
                return told(421, f"This server is not known by the name {host}; the setting web_hosts adds names.")
        if method not in SAFE or path == "/ws" or path.startswith("/rooms/"):
            page = request.header("origin")
            own = same_site.is_own_page(page, host, settings.web_origins)
            if not own or (not page and _is_foreign(request, method)):
                return told(403, "A page of another site may not do this; the setting web_origins lets it.")
        return None

    def _find_route(self, request: Request, method: str, path: str) -> Answer | None:
        """Set the route of a request; return the answer if there is none."""
        others = set()
        for route in self.routes:
            try:
                parts = route.find(path)
            except UnicodeDecodeError:
                return told(400, "The address is not UTF-8.")
            if parts is None:
                continue
            if method == route.method or (method == "HEAD" and route.method == "GET"):
                request.route, request.parts = route, parts
                return route.check(request, **parts) if route.check is not None else None
            others |= {route.method, "HEAD"} if route.method == "GET" else {route.method}
        if others:
            allowed = ", ".join(sorted(others))
            if method == "OPTIONS":
                return Answer(204, headers=(("allow", f"{allowed}, OPTIONS"),))
            return told(405, f"This address takes {allowed}.", ("allow", allowed))
        return nothing_here()


def nothing_here() -> Answer:
    """Return the answer at an address where there is nothing."""
    return told(404, "There is nothing at this address.")


def _is_foreign(request: Request, method: str) -> bool:
    """Return whether a browser asks for a page of another site, by what it says where there is no origin.

    Whoever clicks a link there may read a room.  What such a page shows or fetches by itself would be read by nobody,
    and paid for out of what those who look at it may ask for.
    """
    site, mode = (request.header(f"sec-fetch-{name}").lower() for name in ("site", "mode"))
    return site in ("cross-site", "same-site") and not (method in SAFE and mode == "navigate")


def _may_be_a_page(request: Request, method: str, path: str) -> bool:
    """Return whether a page of a stranger could make a browser ask this, under a name of the stranger's.

    It knows no hook, no token and no password; and with whatever posts, browsers name the page in ``Origin``.
    """
    if path.startswith("/hooks/") or (path.startswith("/rooms/") and request.header("authorization")):
        return False
    return method in SAFE or bool(request.header("origin"))


def refused(refusal: Refusal, path: str = "") -> Answer:
    """Return the answer that is this refusal: for programs in the form of their refusals."""
    status = next((status for kind, status in STATUSES if isinstance(refusal, kind)), 400)
    if path.startswith(FOR_PROGRAMS):
        fields = {"event": "refused", "code": refusal.code, "text": str(refusal)}
        return Answer(
            status, json.dumps(fields, ensure_ascii=False).encode() + b"\n", JSON, (("cache-control", "no-store"),)
        )
    return told(status, f"{refusal.code}: {refusal}")
