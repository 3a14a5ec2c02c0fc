"""The source of distributions of other people: one that works, one that verifies, and all ways to be broken."""

from __future__ import annotations

HEAD = """
from sindri_core import HookSpecs, hookimpl
from sindri_core.types import Claim, Patch, PluginInfo, Verdict, Verification

class Plugin(HookSpecs):
    @hookimpl
    def sindri_plugin_info(self):
        return PluginInfo(id={id!r}, version="0.3.1", summary="somebody else's", api={api!r})
"""

LABELS = """
    @hookimpl
    def sindri_adjust_manifests(self, ctx, request):
        wanted = [m for m in request.manifests if "image" in m.body]
        return [Patch(manifest=m.id, op="add", path="/team", value="blue", reason="our label") for m in wanted]
"""

VERIFIES = """
    @hookimpl
    def sindri_verify_image(self, ctx, request):
        return [
            Verification(claim=claim, verdict=Verdict.ACCEPTED, digest=request.image.digest, evidence=("we looked",))
            for claim in request.claims
        ]
"""

MISSPELT = """
    @hookimpl
    def sindri_detect_clutser(self, ctx, request):
        return []
"""


def plugin(plugin_id: str, body: str = "", *, api: tuple[int, int] = (1, 0)) -> str:
    """Write a plugin with this id and these hooks."""
    return f"{HEAD.format(id=plugin_id, api=api)}{body}\n\nplugin = Plugin()\n"


WORKING = {
    "acme-labels": ("labels", plugin("labels", LABELS)),
    "acme-vouch": ("vouch", plugin("vouch", VERIFIES)),
}

BROKEN = {
    "acme-raising": ("raising", "raise RuntimeError('no licence found')\n"),
    "acme-exiting": ("exiting", "raise SystemExit(0)\n"),
    "acme-lacking": ("lacking", "import acme_runtime\n"),
    "acme-misspelt": ("misspelt", plugin("misspelt", MISSPELT)),
    "acme-future": ("future", plugin("future", api=(9, 0))),
    "acme-twin": ("twin", plugin("twin")),
    "zeta-twin": ("twin", plugin("twin")),
}
"""By distribution: the id, and the source of its one module."""
