"""The trusted root: the keys of certificate authorities, logs and timestamp authorities; never fetched.

Source: https://github.com/sigstore/protobuf-specs (protos/sigstore_trustroot.proto), its JSON form.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sindri_image_verify import keys
from sindri_image_verify.strictjson import listed, mapping, part, text, within

LARGEST = 1 << 20
MOST = 100
_TYPE = "application/vnd.dev.sigstore.trustedroot"
_LISTS = ("certificateAuthorities", "tlogs", "ctlogs", "timestampAuthorities")
EMPTY = b'{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}'
"""A root that trusts nobody, for checks that need none: cosign is given it so that it does not look for another."""


def read(file: Path) -> bytes:
    """Read the root that settings name. Raises ``ValueError`` for one that is missing, too large, empty or expired."""
    content = keys.read(file, LARGEST)
    _require_usable(content, str(file))
    return content


def embedded() -> tuple[bytes, str]:
    """The public-good root inside the package ``sigstore``, and a line that says so; empty where there is none."""
    spec = find_spec("sigstore")
    folders = spec.submodule_search_locations if spec else None
    for folder in folders or ():
        found = sorted(Path(folder, "_store").glob("*tuf-repo-cdn.sigstore.dev*/trusted_root.json"))
        if found:
            return read(found[0]), "trusted root of the installed package sigstore"
    return b"", ""


def _require_usable(content: bytes, name: str) -> None:
    try:
        data = mapping(content, "trusted root")
        kind = text(data, "mediaType")
        ends = {key: list(_ends([within(each, key) for each in listed(data, key, MOST)])) for key in _LISTS}
    except ValueError as error:
        raise ValueError(f"{name} is no trusted root: {error}") from None
    if not kind.startswith(_TYPE):
        raise ValueError(f"{name} is no trusted root: its type is {kind[:80]!r}")
    if not ends["certificateAuthorities"] and not ends["tlogs"] and not ends["timestampAuthorities"]:
        raise ValueError(f"the trusted root {name} is empty: it names no authority and no log")
    now = datetime.now(UTC)
    for key in ("certificateAuthorities", "tlogs"):
        over = [end for end in ends[key] if end is not None and end <= now]
        if over and len(over) == len(ends[key]):
            raise ValueError(f"the trusted root {name} expired: its time is over since {max(over):%Y-%m-%d} ({key})")


def ends(content: bytes) -> Sequence[datetime | None]:
    """When each authority and log of a root ends."""
    data = mapping(content, "trusted root")
    return list(_ends([within(each, key) for key in _LISTS for each in listed(data, key, MOST)]))


def valid_at(content: bytes, seconds: int) -> bytes:
    """The root without the authorities and logs that were not in force at a moment (seconds since 1970)."""
    data = dict(mapping(content, "trusted root"))
    moment = datetime.fromtimestamp(seconds, UTC)
    for key in _LISTS:
        data[key] = [each for each in listed(data, key, MOST) if _in_force(within(each, key), moment)]
    return json.dumps(data).encode()


def _in_force(entry: Mapping[str, Any], moment: datetime) -> bool:
    valid = _validity(entry)
    start, end = text(valid, "start"), text(valid, "end")
    return not (start and moment < _moment(start)) and not (end and moment > _moment(end))


def _validity(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    return part(entry, "validFor") or part(part(entry, "publicKey"), "validFor")


def _ends(entries: Sequence[Mapping[str, Any]]) -> Iterator[datetime | None]:
    for entry in entries:
        end = text(_validity(entry), "end")
        yield _moment(end) if end else None


def _moment(written: str) -> datetime:
    moment = datetime.fromisoformat(written)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
