"""GraphQL endpoints as sources."""

from executus_gateway.sources.graphql.catalog import GraphqlCatalog
from executus_gateway.sources.graphql.connector import GraphqlConnector

__all__ = ["GraphqlCatalog", "GraphqlConnector"]
