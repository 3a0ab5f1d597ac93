"""The files of the page, as browsers are served them: read once, compressed once."""

import gzip
from functools import cache
from hashlib import sha256
from pathlib import Path

from groupchat.doors.web.web_request import Answer, Request, told
from groupchat.lazy.records import record

FOLDER = Path(__file__).parent / "page"

KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".webmanifest": "application/manifest+json",
}
"""The types of the files; there are no others."""

INDEX = "index.html"

SMALLEST = 512
"""Files smaller than this are not compressed: they fit into a packet."""

_ALWAYS_ASK = ("cache-control", "no-cache")
_FOR_EVER = ("cache-control", "public, max-age=31536000, immutable")


@record
class PageFile:
    """One file; ``packed`` is compressed, empty if that is no gain."""

    kind: str
    content: bytes
    packed: bytes
    tag: str


@cache
def page_files(folder: Path = FOLDER) -> tuple[str, dict[str, PageFile]]:
    """Return the version of the page, and its files by name.

    The index names the others with the version in their addresses, so that browsers keep them for ever.
    """
    contents = {path.name: path.read_bytes() for path in sorted(folder.glob("*")) if path.suffix in KINDS}
    whole = sha256()
    for name, content in contents.items():
        whole.update(b"%b %d\n%b" % (name.encode(), len(content), content))
    version = whole.hexdigest()[:12]
    if INDEX in contents:
        contents[INDEX] = contents[INDEX].replace(b'"page/', f'"page/{version}/'.encode())
    return version, {name: _page_file(Path(name).suffix, content) for name, content in contents.items()}


def serve_index(request: Request) -> Answer:
    """Serve the page itself."""
    return _serve(request, INDEX, _ALWAYS_ASK)


def serve_file(request: Request, name: str, version: str = "") -> Answer:
    """Serve a file of the page; of the present version it never changes.

    There are none of other versions: half a page of one version and half of another would not work together.
    """
    if version not in ("", page_files()[0]):
        return told(404, "The page has another version now. Load it again.")
    return _serve(request, name, _FOR_EVER if version else _ALWAYS_ASK)


def _serve(request: Request, name: str, caching: tuple[str, str]) -> Answer:
    file = page_files()[1].get(name)
    if file is None:
        return told(404, "There is no such file.")
    headers = (("etag", file.tag), ("vary", "accept, accept-encoding"), caching)
    if file.tag in (tag.strip().removeprefix("W/") for tag in request.header("if-none-match").split(",")):
        return Answer(304, headers=headers)
    if file.packed and request.takes_gzip():
        return Answer(200, file.packed, file.kind, (*headers, ("content-encoding", "gzip")))
    return Answer(200, file.content, file.kind, headers)


def _page_file(suffix: str, content: bytes) -> PageFile:
    packed = gzip.compress(content, 9, mtime=0) if len(content) >= SMALLEST else b""
    tag = f'"{sha256(content).hexdigest()[:20]}"'
    return PageFile(KINDS[suffix], content, packed if len(packed) < len(content) * 0.9 else b"", tag)
