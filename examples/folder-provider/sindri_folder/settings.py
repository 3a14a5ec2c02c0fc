"""The section ``providers.folder`` of sindri.yaml."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class FolderSettings(BaseModel):
    """Where environments go."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: str = Field(
        default="environments",
        min_length=1,
        description="Folder of all environments; a relative one starts at sindri.yaml.",
    )
