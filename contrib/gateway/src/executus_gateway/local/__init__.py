"""The folder of local mode: log, snapshot and artifacts in plain files."""

from executus_gateway.local.artifacts import FolderArtifacts
from executus_gateway.local.filestore import FileStore

__all__ = ["FileStore", "FolderArtifacts"]
