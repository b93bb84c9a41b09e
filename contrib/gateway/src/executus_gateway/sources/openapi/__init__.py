"""OpenAPI services as sources."""

from executus_gateway.sources.openapi.catalog import OpenapiCatalog
from executus_gateway.sources.openapi.connector import OpenapiConnector

__all__ = ["OpenapiCatalog", "OpenapiConnector"]
