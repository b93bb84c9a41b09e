"""Where tools come from: a connector per kind, and the manager that keeps their catalogs."""

from executus_gateway.sources.detect import Detect, Detector
from executus_gateway.sources.graphql import GraphqlConnector
from executus_gateway.sources.manager import SourceManager
from executus_gateway.sources.mcpsource import McpConnector
from executus_gateway.sources.openapi import OpenapiConnector

__all__ = [
    "Detect",
    "Detector",
    "GraphqlConnector",
    "McpConnector",
    "OpenapiConnector",
    "SourceManager",
]
