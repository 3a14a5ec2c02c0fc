"""Lists that come in pages: tags, and what refers to an image. A page leads only to the next one of the same list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sindri_core.oci import addresses, documents
from sindri_core.oci.fetching import UNCHANGED
from sindri_core.oci.reference import TAG

if TYPE_CHECKING:
    from sindri_core.oci.fetching import Fetcher
    from sindri_core.oci.reference import Reference
    from sindri_core.oci.transport import Answer

MOST_PAGES = 400
MOST_TAGS = 200_000
PAGE_BYTES = 16 << 20
MOST_BYTES = 64 << 20
"""Bytes that all pages of tags together have at most."""
LONGEST_LINK = 8192
_NEXT = re.compile(r'<([^<>]*)>\s*;[^,]*\brel\s*=\s*"?next(?![\w-])', re.IGNORECASE)


def tags(fetcher: Fetcher, repository: Reference, *, etag: str) -> tuple[tuple[str, ...], str] | None:
    """Return all tags with the ETag of a list that fits one page; None when it is unchanged since ``etag``.

    Whatever is no tag by the grammar is left out: nobody could ask for it.
    """
    found: dict[str, None] = {}
    headers = {"If-None-Match": etag} if etag else {}
    marks: list[str] = []
    size = 0
    for answer in pages(fetcher, repository, "tags/list", limit=PAGE_BYTES, headers=headers):
        if answer.status == UNCHANGED:
            return None
        marks.append(answer.headers.get("etag", ""))
        found |= dict.fromkeys(_tags(answer, repository))
        size += len(answer.content)
        if len(found) > MOST_TAGS or size > MOST_BYTES:
            raise documents.untrusted(f"{repository.repository} has more than {MOST_TAGS} tags")
    return tuple(found), marks[0] if len(marks) == 1 else ""


def pages(  # noqa: PLR0913 - a request has that many parts
    fetcher: Fetcher,
    repository: Reference,
    path: str,
    *,
    limit: int,
    headers: dict[str, str] | None = None,
    may_fail: frozenset[int] = frozenset(),
) -> Iterator[Answer]:
    """Ask page by page until none is named."""
    at, seen = path, {path}
    for _ in range(MOST_PAGES):
        answer = fetcher.ask("GET", repository, at, limit=limit, headers=headers, may_fail=may_fail)
        yield answer
        following = _next(fetcher, answer, repository, path)
        if not following:
            return
        if following in seen:
            raise addresses.refused_address("the pages of the registry's list lead round in a circle")
        seen.add(following)
        at, headers = following, None
    raise documents.untrusted(f"the list of {repository.repository} has more than {MOST_PAGES} pages")


def _next(fetcher: Fetcher, answer: Answer, repository: Reference, path: str) -> str:
    """Where the next page is; empty for the last. It must be of the same list of the same registry."""
    link = answer.headers.get("link", "")
    if len(link) > LONGEST_LINK:
        raise documents.untrusted(f"the registry {repository.registry} names the next page in too many words")
    match = _NEXT.search(link)
    if not match:
        return ""
    own = f"{fetcher.root}/v2/{repository.api_path}/{path}"
    parts = addresses.split(addresses.joined(own, match[1]), insecure=fetcher.root.startswith("http://"))
    same = addresses.origin(parts) == addresses.origin(urlsplit(own))
    if not same or parts.path != urlsplit(own).path:
        raise addresses.refused_address(
            f"the next page of the registry's list lies at {parts.hostname}{parts.path[:80]}, which is another list"
        )
    return f"{fetcher.root}{parts.path}?{parts.query}"


def _tags(answer: Answer, repository: Reference) -> list[str]:
    try:
        data = documents.strict_json(answer.content)
        listed = [] if data["tags"] is None else data["tags"]
    except (ValueError, TypeError, KeyError, RecursionError):
        listed = None
    if not isinstance(listed, list) or not all(isinstance(tag, str) for tag in listed):
        raise documents.untrusted(f"the registry {repository.registry} answered with something that is no list of tags")
    return [tag for tag in listed if TAG.fullmatch(tag)]
