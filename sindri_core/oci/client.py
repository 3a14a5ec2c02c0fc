"""The registry client: what the resolver and the verifiers ask of registries, each thing once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from typing import Self

    from sindri_core.context import CancelToken, Deadline
    from sindri_core.events import Event
    from sindri_core.oci.documents import Descriptor, Document
    from sindri_core.oci.reference import Reference
    from sindri_core.settings import RegistrySettings


class RegistryClient:
    """Asks registries over one pool of connections. Thread-safe; made once per run and closed by the core.

    ``registries`` are settings by host, ``environ`` is where proxies and credentials are looked up, ``cache_dir`` the
    folder that keeps content by digest (None: keep nothing). Everything raises ``RegistryError`` or
    ``ImageNotFound``, ``DeadlineExceeded`` when the run's time is over, ``Interrupted`` when it was cancelled.
    """

    def __init__(  # noqa: PLR0913 - all that a run knows about the network
        self,
        *,
        registries: Mapping[str, RegistrySettings],
        environ: Mapping[str, str],
        deadline: Deadline,
        cancel: CancelToken,
        emit: Callable[[Event], None],
        cache_dir: Path | None = None,
    ) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of all connections."""

    def manifest(self, reference: Reference) -> Document:
        """Read the manifest or index that a digest names, or that a tag means now; a reference with both must agree.

        Raises ``ImageNotFound`` ``SND-IMG-005``.
        """

    def blob(self, repository: Reference, digest: str, *, limit: int) -> bytes:
        """Read a blob of at most ``limit`` bytes; its digest is checked."""

    def tags(self, repository: Reference) -> tuple[str, ...]:
        """List all tags, page by page."""

    def referrers(self, repository: Reference, digest: str) -> tuple[Descriptor, ...]:
        """List what refers to a manifest: by the referrers API, else by the fallback tag ``sha256-…``.

        Nothing is filtered by artifact type. Only a clear answer counts: a registry that fails raises.
        """
