"""Settings that cannot be used, said while the file is read: there they have a line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sindri_core.oci.reference import Reference, parse
from sindri_core.settings import TrustPolicy
from sindri_core.types import Issue, Severity
from sindri_image_verify import policy, settings
from sindri_image_verify.judging import issue

ANYWHERE = Reference(path="any/image")


def issues(demands: Sequence[tuple[str, TrustPolicy]], plugin: str) -> Iterator[Issue]:
    """Check every policy that names this verifier."""
    for repository, demand in demands:
        if plugin not in demand.verifiers:
            continue
        terms = policy.completed(demand, _example(repository, demand))
        yield from (issue(terms, each) for each in settings.problems(terms))
        yield from (issue(terms, each, Severity.WARNING) for each in settings.warnings(terms))


def _example(repository: str, demand: TrustPolicy) -> Reference:
    """The repository, or for an entry about several one of GitHub where it is about nothing else."""
    if repository:
        return parse(repository)
    github = bool(demand.images) and all(each.startswith(f"{policy.GITHUB_REGISTRY}/") for each in demand.images)
    return Reference(host=policy.GITHUB_REGISTRY, path="owner/repository") if github else ANYWHERE
