"""Which policies an image must satisfy: the closest entry of every source, so that none can weaken another.

Each source (sindri.yaml, the user's trust file, the machine's) is asked on its own. What sindri.yaml demands without
saying whose word counts takes the terms of a trust file that has some for the repository.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace
from operator import itemgetter
from typing import TYPE_CHECKING

from sindri_core.oci.repositories import closeness
from sindri_core.settings import Trust, TrustPolicy

if TYPE_CHECKING:
    from sindri_core.oci.reference import Reference

_ABOUT = {"source", "path", "rank", "images", "claims", "verifiers"}
_UNSET = TrustPolicy()


def demanded(trust: Trust, image: Reference, *, main: bool) -> tuple[TrustPolicy, ...]:
    """Return the policies that demand something of an image. ``main`` tells the environment's own from others.

    An image that a plugin brought along is held to what sindri.yaml demands of the main one, unless an entry of
    sindri.yaml is about its repository.
    """
    entries = list(_closest(trust, image))
    own = trust.own
    covered = any(entry.rank == own.rank for entry in entries)
    if own.claims and (main or not covered):
        lender = next((entry for entry in entries if entry.names_somebody), None)
        asked = own if own.names_somebody or lender is None else lent(own, lender)
        if lender is None or not _is_covered(asked, lender):
            entries.insert(0, asked)
    return tuple(entry for entry in entries if entry.claims)


def lent(own: TrustPolicy, lender: TrustPolicy) -> TrustPolicy:
    """Return the demand of one with the terms of the other; what the first says itself stands."""
    said = {f.name: getattr(own, f.name) for f in fields(own) if getattr(own, f.name) != getattr(_UNSET, f.name)}
    about = {name: getattr(own, name) for name in _ABOUT}
    return replace(lender, **{**said, **about, "source": f"{own.source}, terms of {lender.source}"})


def _is_covered(asked: TrustPolicy, lender: TrustPolicy) -> bool:
    """Whether the lender demands all of it already, on the very same terms."""
    about = {name: getattr(lender, name) for name in _ABOUT}
    return asked.claims <= lender.claims and replace(asked, **about) == lender


def _closest(trust: Trust, image: Reference) -> Iterator[TrustPolicy]:
    """The closest entry of each source, in the order of the sources."""
    by_file: dict[int, list[TrustPolicy]] = {}
    for policy in trust.policies:
        by_file.setdefault(policy.rank, []).append(policy)
    for policies in by_file.values():
        rank, best = max(((closeness(policy.images, image), policy) for policy in policies), key=itemgetter(0))
        if rank:
            yield best
