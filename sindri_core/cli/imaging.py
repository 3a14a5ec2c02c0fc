"""``image resolve``, ``verify``, ``inspect`` and ``versions``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from sindri_core.cli.options import environment_options, image_options, opened
from sindri_core.cli.render import answer
from sindri_core.errors import ExitCode

if TYPE_CHECKING:
    from sindri_core.cli.chosen import Chosen
    from sindri_core.settings import TrustPolicy


@click.group()
def image() -> None:
    """Resolve, verify and inspect images, and list their versions.

    Without REFERENCE it is the image of sindri.yaml.
    """


_reference = click.argument("reference", default="")


@image.command()
@_reference
@click.option("--explain", is_flag=True, help="Show every tag that was not chosen, and why.")
@image_options
@environment_options
def resolve(chosen: Chosen, reference: str, explain: bool) -> int:
    """Say which digest is meant."""
    from sindri_core.cli.render import images

    with opened(chosen, steps=False) as core:
        found = core.resolve_image(reference, explain=explain, **chosen.deadline())
        answer(found, chosen.output, images.resolved)
    return ExitCode.OK


@image.command()
@click.argument("references", nargs=-1, metavar="[REFERENCE]...")
@click.option("--key", "keys", multiple=True, metavar="FILE", help="A public key that may have signed.")
@click.option("--certificate-identity", default="", help="Who must have signed.")
@click.option("--certificate-identity-regexp", default="", metavar="RE", help="Who must have signed: all of it.")
@click.option("--certificate-oidc-issuer", default="", help="Who must vouch for the signer.")
@click.option("--source-repository", default="", metavar="URL", help="Where the source must lie.")
@click.option("--source-ref", default="", metavar="REF", help="Which ref must have been built.")
@click.option("--trusted-root", default="", metavar="FILE", help="The keys of the authorities.")
@click.option("--ignore-tlog", is_flag=True, help="Do without an entry in a transparency log.")
@click.option("--provenance", is_flag=True, help="Demand provenance, too.")
@image_options
@environment_options
def verify(chosen: Chosen, references: tuple[str, ...], **demand: Any) -> int:
    """Check the signature and what else the settings require. Exits with 4 for an image that is refused."""
    from sindri_core.cli.render import images

    with opened(chosen, steps=False) as core:
        reports = core.verify_images(references or ("",), policy=_policy(**demand), **chosen.deadline())
        answer(reports, chosen.output, images.verified)
    return ExitCode.OK


@image.command()
@_reference
@image_options
@environment_options
def inspect(chosen: Chosen, reference: str) -> int:
    """List the signatures and attestations that are attached. Nothing of it is checked."""
    from sindri_core.cli.render import images

    with opened(chosen, steps=False) as core:
        answer(core.inspect_image(reference, **chosen.deadline()), chosen.output, images.inspected)
    return ExitCode.OK


@image.command()
@click.argument("repository", default="")
@image_options
@environment_options
def versions(chosen: Chosen, repository: str) -> int:
    """List the tags of a repository, newest version first, and say which one is chosen."""
    from sindri_core.cli.render import images

    with opened(chosen, steps=False) as core:
        answer(core.image_versions(repository, **chosen.deadline()), chosen.output, images.versions)
    return ExitCode.OK


def _policy(*, keys: tuple[str, ...], trusted_root: str, provenance: bool, **terms: Any) -> TrustPolicy | None:
    """The demand that the options make; None when they say nothing."""
    if not (keys or trusted_root or provenance or any(terms.values())):
        return None
    from sindri_core.config.trust_values import policy_of
    from sindri_core.types import Claim

    claims = frozenset({Claim.SIGNATURE, Claim.PROVENANCE} if provenance else {Claim.SIGNATURE})
    terms |= {"public_keys": keys, "trusted_root": trusted_root}
    return policy_of(terms, None, source="command line", claims=claims)
