"""Where secret values rest: an encrypted file, or memory."""

from executus_gateway.secrets.filevault import FileVault
from executus_gateway.secrets.memoryvault import MemoryVault

__all__ = ["FileVault", "MemoryVault"]
