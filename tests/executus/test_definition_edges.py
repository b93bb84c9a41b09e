"""Definition files as editors and people really leave them; each complaint names file and line."""

import pytest

from executus.definitionfile import DefinitionError, definitions_in, parse_definition


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("fence", ["---", "+++"])
def test_marks_and_line_ends_of_any_editor_are_read(end, mark, fence):
    said = "name: ann" if fence == "---" else 'name = "ann"'
    text = mark + end.join([f"{fence}  ", said, fence, "", "Be brief.", "", "--- not a fence", ""])
    read = parse_definition(text, "ann.md")
    assert read.values == {"name": "ann"}
    assert read.body == "Be brief.\n\n--- not a fence"
    assert read.lines == {"name": 2}


@pytest.mark.parametrize(
    ("file", "text", "line", "said"),
    [
        ("a.md", "name: ann\n", 1, "must begin with front matter"),
        ("a.md", "", 1, "must begin with front matter"),
        ("a.md", "\n---\nname: ann\n---\n", 1, "must begin with front matter"),
        ("a.md", "---\nname: ann\n\nBe brief.\n", 1, "not ended by a --- line"),
        ("a.md", "---\r\nname: ann\r\n+++\r\n", 1, "not ended by a --- line"),
        ("a.md", "---\nname: ann\nmodel: m\nname: bob\n---\n", 4, "name is said twice"),
        ("a.md", "---\nlimits.a: 1\nlimits.a: 2\n---\n", 3, "limits.a is said twice"),
        ("a.md", "---\nlimits: 1\nlimits.a: 2\n---\n", 3, "limits is a value already"),
        ("a.md", "---\r\n\r\nname: ann\r\nno key here\r\n---\r\n", 4, "expected 'key: value'"),
        ("a.md", "+++\nname = 'ann'\nname = 'bob'\n+++\n", 3, "overwrite"),
        ("a.toml", "name = 'ann'\n\nname = 'bob'\n", 3, "overwrite"),
        ("a.toml", "\ufeffname = 'ann'\r\nmodel = \r\n", 2, "not a value of TOML; put a text"),
        ("a.toml", "name = 'ann'\nmodel = fake\n", 2, "put a text in quotes"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_line(file, text, line, said):
    with pytest.raises(DefinitionError, match=f"^{file}, line {line}: ") as caught:
        parse_definition(text, file)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("file", ["a.md", "a.toml"])
def test_an_unknown_key_is_told_with_the_one_that_was_meant(file):
    text = "name = 'ann'\ninstruction = 'x'\n"
    read = parse_definition(text if file == "a.toml" else f"+++\n{text}+++\n", file)
    line = 2 if file == "a.toml" else 3
    with pytest.raises(DefinitionError, match=rf"a\.\w+, line {line}: instruction: ") as caught:
        read.only(["name", "instructions"])
    assert "did you mean 'instructions'?" in str(caught.value)


def test_a_file_that_is_no_text_is_named_with_its_line(tmp_path):
    (tmp_path / "a.md").write_bytes(b"---\nname: \xff\n---\n")
    with pytest.raises(DefinitionError, match=r"a\.md, line 2: is not UTF-8"):
        list(definitions_in(tmp_path))
