"""Answers about images, for people."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sindri_core.images import ImageReport, ImageVersions
    from sindri_core.types import ResolvedImage, Verification

DIGITS = 12
"""Digits of a digest that a table shows."""


def resolved(image: ResolvedImage) -> str:
    """The image in a few lines, and the tags that were not chosen if there are any."""
    rows = [
        ("digest", image.digest or "none: the tag is used as it is"),
        ("deployed", image.deployed),
        ("why", image.why),
        ("platforms", ", ".join(image.platforms)),
    ]
    lines = [image.reference, *(f"  {label:<10} {text}" for label, text in rows if text)]
    width = max((len(each.tag) for each in image.rejected), default=0)
    return "\n".join([*lines, *(f"  - {each.tag:<{width}}  {each.reason}" for each in image.rejected)])


def pinned(image: ResolvedImage) -> list[str]:
    """What is deployed and what it means in one line, and why in another."""
    name = image.deployed.partition("@")[0]
    means = f"{name} → {image.digest}" if image.digest else image.deployed
    return [means, *([image.why] if image.why else [])]


def verifications(answers: Sequence[Verification]) -> list[str]:
    """One block for each answer: the claim, then what speaks for it."""
    lines = []
    for answer in answers:
        head = f"  {answer.verdict.value:<10} {answer.claim.value:<10}"
        required = f", required by {answer.policy}" if answer.policy else ""
        evidence = [*answer.evidence, f"by {answer.verifier}{required}"]
        lines.append(f"{head} {evidence[0]}")
        lines += [f"{'':<23} {line}" for line in evidence[1:]]
    return lines


def verified(reports: Sequence[ImageReport]) -> str:
    """Each image with what was said of it."""
    lines = []
    for report in reports:
        name, *why = pinned(report.image)
        lines += [name, *(f"  {text}" for text in why), *verifications(report.verifications)]
    return "\n".join(lines)


def inspected(report: ImageReport) -> str:
    """The image with what is attached to it."""
    name, *why = pinned(report.image)
    lines = [name, *(f"  {text}" for text in why)]
    for each in report.attachments:
        lines.append(f"  {each.kind:<12} {each.format:<8} {each.digest[: 7 + DIGITS]}…  {each.predicate_type}".rstrip())
        lines += [f"{'':<14} {claim}" for claim in (*each.claims, *([each.problem] if each.problem else []))]
    if not report.attachments:
        lines.append("  nothing is attached")
    return "\n".join([*lines, "  nothing of this was checked: sindri image verify"])


def versions(value: ImageVersions) -> str:
    """The chosen tag first, then the others with the reason."""
    width = max((len(tag) for tag in (*value.chosen, *(each.tag for each in value.others))), default=0)
    lines = [value.repository]
    lines += [f"  * {tag:<{width}}  {value.why}" for tag in value.chosen]
    return "\n".join([*lines, *(f"  - {each.tag:<{width}}  {each.reason}" for each in value.others)])
