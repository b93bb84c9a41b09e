"""The folder of local mode: log, snapshot and artifacts in plain files, and where its daemon is."""

from executus_gateway.local.artifacts import FolderArtifacts
from executus_gateway.local.daemonfiles import DaemonFiles, DaemonRecord
from executus_gateway.local.filestore import LOG_BYTES, FileStore

__all__ = ["LOG_BYTES", "DaemonFiles", "DaemonRecord", "FileStore", "FolderArtifacts"]
