"""The seams of the gateway: what adapters give and what the domain takes. No implementations."""

from executus_gateway.ports.artifactstore import ArtifactKind, ArtifactStore
from executus_gateway.ports.authorizer import Authorizer, Consent
from executus_gateway.ports.authrequired import AuthRequired
from executus_gateway.ports.connector import Catalog, Connector, Credential, Credentials, Loaded
from executus_gateway.ports.engine import (
    BYTES_MARK,
    Engine,
    Execution,
    Finished,
    HostCall,
    Program,
    RunLimits,
    Step,
    Waiting,
)
from executus_gateway.ports.file import File, KeepFile
from executus_gateway.ports.peer import PushReport, SyncPeer
from executus_gateway.ports.prompter import NO_PROMPTER, Prompter
from executus_gateway.ports.statestore import History, StateStore
from executus_gateway.ports.vault import Vault

__all__ = [
    "BYTES_MARK",
    "NO_PROMPTER",
    "ArtifactKind",
    "ArtifactStore",
    "AuthRequired",
    "Authorizer",
    "Catalog",
    "Connector",
    "Consent",
    "Credential",
    "Credentials",
    "Engine",
    "Execution",
    "File",
    "Finished",
    "History",
    "HostCall",
    "KeepFile",
    "Loaded",
    "Program",
    "Prompter",
    "PushReport",
    "RunLimits",
    "StateStore",
    "Step",
    "SyncPeer",
    "Vault",
    "Waiting",
]
