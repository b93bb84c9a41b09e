"""What a search finds: a small gold set of what people ask for, and what they mean."""

import pytest
from executus_gateway.domain import SearchIndex
from executus_gateway.schema import ToolSummary

TOOLS = tuple(
    ToolSummary(path=path, summary=summary)
    for path, summary in (
        ("issues.create", "Create an issue"),
        ("issues.create_comment", "Create an issue comment"),
        ("issues.list_for_repo", "List repository issues"),
        ("issues.add_labels", "Add labels to an issue"),
        ("issues.lock", "Lock an issue"),
        ("pulls.create", "Create a pull request"),
        ("pulls.list", "List pull requests"),
        ("pulls.merge", "Merge a pull request"),
        ("pulls.list_files", "List pull requests files"),
        ("repos.get", "Get a repository"),
        ("repos.delete", "Delete a repository"),
        ("repos.list_branches", "List branches"),
        ("repos.create_release", "Create a release"),
        ("repos.upload_release_asset", "Upload a release asset"),
        ("users.get_authenticated", "Get the authenticated user"),
        ("actions.list_workflow_runs", "List workflow runs for a workflow"),
        ("actions.re_run_workflow", "Re-run a workflow"),
        ("charges.refund", "Refund a charge you have previously created"),
        ("customers.create", "Creates a new customer object"),
        ("customers.search", "Search for customers you've previously created"),
        ("subscriptions.cancel", "Cancels a customer's subscription immediately"),
        ("invoices.finalize", "Finalize a draft invoice"),
        ("files.read_text_file", "Read the complete contents of a file as text"),
        ("files.write_file", "Create a new file or overwrite an existing file"),
        ("files.move_file", "Move or rename files and directories"),
    )
)
GOLD = {
    "open an issue": "issues.lock issues.create issues.create_comment issues.add_labels",
    "create issue": "issues.create",
    "comment on an issue": "issues.create_comment",
    "add a label": "issues.add_labels",
    "list pull requests": "pulls.list",
    "merge pull request": "pulls.merge",
    "who am I authenticated user": "users.get_authenticated",
    "delete repo": "repos.delete",
    "branches": "repos.list_branches",
    "upload asset": "repos.upload_release_asset",
    "workflow runs": "actions.list_workflow_runs",
    "refund": "charges.refund",
    "new customer": "customers.create",
    "find customers": "customers.search customers.create",
    "cancel subscription": "subscriptions.cancel",
    "finalise invoice": "invoices.finalize",
    "read file": "files.read_text_file",
    "rename a file": "files.move_file",
    "writeFile": "files.write_file",
    "subscr": "subscriptions.cancel",
}


@pytest.fixture(scope="module")
def index():
    return SearchIndex(TOOLS)


def ranked(index, query):
    found = index.search(query)
    return [TOOLS[n].path for n in sorted(found, key=lambda n: (-found[n], TOOLS[n].path))]


@pytest.mark.parametrize("query", GOLD)
def test_what_is_meant_comes_first(index, query):
    assert ranked(index, query)[0] in GOLD[query].split()


def test_words_that_say_nothing_and_unknown_ones_find_nothing(index):
    assert ranked(index, "the of a") == []
    assert ranked(index, "") == []
    assert ranked(index, "zzzz") == []


def test_an_unknown_word_does_not_hide_the_known_ones(index):
    assert ranked(index, "please merge zzzz")[0] == "pulls.merge"


def test_a_part_of_a_path_counts_more_than_a_word_of_a_summary():
    tools = (
        ToolSummary(path="a.b", summary="archive something here"),
        ToolSummary(path="x.archive", summary="something else here"),
    )
    found = SearchIndex(tools).search("archive")
    assert found[1] > found[0]


def test_an_empty_catalog_is_searched_without_complaint():
    assert SearchIndex(()).search("a") == {}
