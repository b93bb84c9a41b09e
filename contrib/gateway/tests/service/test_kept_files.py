"""What is too long for code, or no text, is kept under a handle, read in pieces and sent on."""

import base64
import errno

import anyio
import pytest
from executus_gateway.local import FolderArtifacts
from executus_gateway.schema import Answer, AuthScheme, CallRecord, KeptFile
from executus_gateway.service import Gateway, Keep
from fileservice import PNG, FileService

from executus.testing import FakeClock

CANARY = "kanarienvogel-0f3a9c1e7d"
READ = """
found, at = '', 0
while at is not None:
    piece = tools.executor.files.read(handle=got['handle'], offset=at, length=1_000_000)['data']
    found = found + piece['text']
    at = piece['next_offset']
"""


@pytest.fixture
async def files():
    async with FileService() as service:
        yield service


@pytest.fixture
def value(gateway, files):
    async def run(code):
        ended = await gateway.execute(files.add() + code)
        assert ended.outcome.problem is None, ended.outcome.problem
        return ended.outcome.value

    return run


def stored(home):
    folder = home / "artifacts/file"
    return {path.name: path.read_bytes() for path in folder.iterdir()} if folder.exists() else {}


async def test_a_long_text_is_cut_and_all_of_it_can_be_read_in_the_same_run(value):
    code = f"got = tools.f.files.text()['data']\n{READ}\nreturn [got, len(found), found[-3:]]"
    got, length, end = await value(code)
    assert got["truncated"] is True
    assert (got["content_type"], got["bytes"]) == ("text/plain", (2 * 99 + 1) * 40_000)
    assert (len(got["text"]), got["next_offset"]) == (20_000, 20_000)
    assert (length, end) == (100 * 40_000, "éé\n")


async def test_reading_goes_on_where_the_cut_answer_ends(value):
    code = (
        "got = tools.f.files.text()['data']\n"
        "rest = tools.executor.files.read(handle=got['handle'], offset=got['next_offset'])\n"
        "rest = rest['data']\n"
        "return [got['text'][-1], rest['text'][:100], rest['length'], rest['next_offset']]"
    )
    assert await value(code) == ["\n", "é" * 99 + "\n", 4_000_000, 120_000]


async def test_long_json_is_cut_as_its_text_and_short_json_is_data(value, files):
    assert len(await value("return tools.f.files.rows()['data']")) == 3
    files.rows = 30_000
    code = "got = tools.f.files.rows()\nreturn [got['ok'], got['data']]"
    ok, got = await value(code)
    assert ok
    assert got["content_type"] == "application/json"
    assert got["text"].startswith('[{"row":0,')
    assert got["handle"].startswith("fil_")


async def test_an_answer_without_end_is_kept_as_far_as_it_goes(value):
    got = await value("return tools.f.files.endless()['data']")
    assert (got["truncated"], got["complete"], got["bytes"]) == (True, False, 20 * 1024 * 1024)


async def test_a_text_that_was_cut_within_a_character_is_read_as_text(value, files):
    files.endless = b"x" + "é".encode() * (11 * 1024 * 1024)
    code = (
        "handle = tools.f.files.endless()['data']['handle']\n"
        "return tools.executor.files.read(handle=handle, offset=10 * 1024 * 1024 - 1)['data']"
    )
    got = await value(code)
    assert (got.get("text"), got["length"], got["next_offset"]) == ("é", 10 * 1024 * 1024, None)


async def test_an_image_is_a_handle_with_the_name_its_service_gave(value, home):
    got = await value("return tools.f.files.image()['data']")
    handle = got.pop("handle")
    assert got == {"content_type": "image/png", "bytes": len(PNG), "name": "cat.png"}
    assert stored(home) == {handle: PNG}


async def test_what_is_no_text_is_read_as_base64(value):
    code = (
        "got = tools.f.files.image()['data']\n"
        "return tools.executor.files.read(handle=got['handle'], offset=1, length=3)['data']"
    )
    got = await value(code)
    assert base64.b64decode(got.pop("base64")) == b"PNG"
    assert got == {"length": len(PNG), "next_offset": 4, "content_type": "image/png"}


async def test_a_file_goes_from_one_service_to_another_by_its_handle(
    gateway, files, answering, home
):
    code = files.add() + (
        "got = tools.f.files.image()['data']\n"
        "return [tools.f.files.raw(body=got), tools.f.files.raw(body=got['handle']), "
        "tools.f.files.upload(body={'title': 'Cat', 'photo': got})]"
    )
    async with answering(gateway, "accept", "accept", "accept"):
        run = await gateway.execute(code)
    assert [result["ok"] for result in run.outcome.value] == [True, True, True]
    whole, by_handle, form = files.posts
    assert whole.body == by_handle.body == PNG
    assert whole.headers["content-type"] == "application/octet-stream"
    assert b'name="photo"; filename="cat.png"\r\nContent-Type: image/png\r\n\r\n' in form.body
    assert PNG in form.body
    log = (home / "events.jsonl").read_bytes()
    assert base64.b64encode(PNG)[:40] not in log


@pytest.mark.parametrize(
    ("call", "told"),
    [
        ("upload(body={'title': 'x', 'photo': 'fil_00'})", "body.photo: there is no file 'fil_00'"),
        ("upload(body={'title': 'x'})", "body: 'photo' is a required property"),
        ("upload(body={'photo': 'x', 'titel': 'x', 'title': 'y'})", "did you mean 'title'"),
        ("upload(body={'title': 'x', 'photo': {'base64': '?'}})", "body.photo: that is not Base64"),
        ("upload(body={'title': 'x', 'photo': {}})", "body.photo: a file is text,"),
        ("upload(body={'title': 'x', 'photo': 'x', 'pages': 'y'})", "body.pages: 'y' is not of"),
        ("raw(body={'handle': 'fil_00'})", "body: there is no file 'fil_00'"),
        ("raw(body={'text': 'x', 'content_type': 'a\\nb/c'})", "is no content type"),
        ("raw(body=[1])", "body: [1] is not of type"),
        ("form(body={'too': 1})", "did you mean 'to'"),
        ("raw()", "'body' is a required property"),
    ],
)
async def test_a_file_that_cannot_be_sent_is_told_before_anybody_is_asked(
    gateway, files, call, told
):
    run = await gateway.execute(f"{files.add()}return tools.f.files.{call}")
    assert run.outcome.value["error"]["code"] == "invalid_arguments"
    assert told in run.outcome.value["error"]["message"]
    assert (files.posts, gateway.inbox()) == ([], [])


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        ("'text'", b"text"),
        ("b'\\x00\\xff'", b"\0\xff"),
        ("{'base64': 'AP8='}", b"\0\xff"),
        ("{'text': 'fil_00'}", b"fil_00"),
    ],
)
async def test_a_file_is_text_or_bytes_or_base64(gateway, files, answering, body, sent):
    async with answering(gateway, "accept"):
        run = await gateway.execute(f"{files.add()}return tools.f.files.raw(body={body})")
    assert run.outcome.value["ok"], run.outcome.value
    assert files.posts[0].body == sent


async def test_a_file_that_goes_while_a_person_is_asked_is_not_sent(gateway, files, next_question):
    code = "got = tools.f.files.image()['data']\nreturn tools.f.files.raw(body=got)"
    run = await gateway.start(files.add() + code)
    asked = await next_question(gateway)
    (kept,) = gateway.ledger.all(KeptFile)
    await gateway.sources._artifacts.drop("file", kept.id)
    await gateway.answer(asked.id, Answer(verdict="accept"))
    ended = await gateway.wait(run.id)
    assert "the bytes of" in ended.outcome.value["error"]["message"]
    assert files.posts == []


async def test_a_later_run_reads_what_an_earlier_one_was_given(value):
    handle = (await value("return tools.f.files.image()['data']"))["handle"]
    (listed,) = await value("return tools.executor.files.list()['data']")
    assert (listed["handle"], listed["bytes"]) == (handle, len(PNG))
    code = f"return tools.executor.files.read(handle='{handle}')['data']['length']"
    assert await value(code) == len(PNG)


async def test_an_unknown_handle_and_an_offset_behind_the_end_are_told(value):
    code = (
        "got = tools.f.files.image()['data']\n"
        "return [tools.executor.files.read(handle='../vault.key'), "
        "tools.executor.files.read(handle=got['handle'], offset=9_999_999)]"
    )
    unknown, behind = await value(code)
    assert "there is no file '../vault.key'" in unknown["error"]["message"]
    assert "offset: it has 1032 of them" in behind["error"]["message"]


async def test_a_run_keeps_so_much_and_the_call_is_good_all_the_same(open_gateway, files, home):
    async with open_gateway(keep=Keep(run_file_bytes=1500)) as gateway:
        code = "return [tools.f.files.image()['data'], tools.f.files.image()['data']]"
        run = await gateway.execute(files.add() + code)
        first, second = run.outcome.value
        assert first["handle"]
        assert second["handle"] is None
        assert "a run keeps 1500 bytes" in second["problem"]
        again = await gateway.execute("return tools.f.files.image()['data']")
        assert again.outcome.value["handle"]
    assert len(stored(home)) == 2


async def test_a_full_disk_keeps_no_files_and_calls_and_runs_end_well(
    gateway, files, home, monkeypatch
):
    async def full(self, kind, key, data):
        raise OSError(errno.ENOSPC, "No space left on device")

    await gateway.execute(files.add())
    monkeypatch.setattr(FolderArtifacts, "put", full)
    run = await gateway.execute("return tools.f.files.image()['data']")
    value = run.outcome.value
    assert (value["handle"], value["problem"]) == (None, "the gateway's disk takes no files")
    with anyio.fail_after(30):
        long = await gateway.execute("return 'x' * 600_000")
    assert (long.state, long.outcome.value["handle"]) == ("completed", None)
    assert stored(home) == {}


async def test_the_oldest_files_of_ended_runs_make_room(open_gateway, files, home):
    async with open_gateway(keep=Keep(file_bytes=2500)) as gateway:
        handles = []
        for _ in range(4):
            run = await gateway.execute(files.add() + "return tools.f.files.image()['data']")
            handles.append(run.outcome.value["handle"])
        assert sorted(stored(home)) == sorted(handles[2:])
        code = "x = [tools.f.files.image()['data'] for _ in range(3)]\nreturn x"
        run = await gateway.execute(code)
        assert [bool(got["handle"]) for got in run.outcome.value] == [True, True, False]


async def test_files_go_with_their_time_and_with_their_run(open_gateway, files, home):
    clock = FakeClock()
    async with open_gateway(keep=Keep(file_days=2), clock=clock) as gateway:
        run = await gateway.execute(files.add() + "return tools.f.files.image()['data']")
        read = f"return tools.executor.files.read(handle={run.outcome.value['handle']!r})"
        clock.advance(2 * 86400 - 60)
        assert (await gateway.execute(read)).outcome.value["ok"]
        clock.advance(120)
        late = await gateway.execute(read)
        assert "files are kept for 2 days" in late.outcome.value["error"]["message"]
    async with open_gateway(keep=Keep(file_days=2), clock=clock) as gateway:
        assert stored(home) == {}
        await gateway.execute("return tools.f.files.image()['data']")
        assert len(stored(home)) == 1
    async with open_gateway(keep=Keep(runs=1), clock=clock) as gateway:
        await gateway.execute("return 1")
    async with open_gateway(keep=Keep(runs=1), clock=clock) as gateway:
        assert stored(home) == {}
        assert gateway.ledger.all(KeptFile) == []


async def test_a_file_that_a_crash_left_without_a_record_goes_at_the_next_start(
    open_gateway, files, home
):
    async with open_gateway() as gateway:
        await gateway.execute(files.add() + "return tools.f.files.image()['data']")
    (home / "artifacts/file/fil_lost").write_bytes(b"x")
    async with open_gateway():
        assert list(stored(home).values()) == [PNG]


async def test_a_run_that_goes_on_at_a_start_keeps_its_files(
    open_gateway, files, next_question, monkeypatch
):
    async with open_gateway() as gateway:
        await gateway.execute(files.add())
        await gateway.policies.add("f.*", "ask")
        run = await gateway.start("return tools.f.files.image()['data']['handle']")
        await next_question(gateway)
    opened, enter, keys = [], Gateway.__aenter__, FolderArtifacts.keys

    async def entering(self):
        opened.append(self)
        return await enter(self)

    async def slow(self, kind):
        if kind == "file":
            (asked,) = opened[0].inbox()
            await opened[0].answer(asked.id, Answer(verdict="accept"))
            with anyio.move_on_after(1):
                await opened[0].wait(run.id)
        return await keys(self, kind)

    monkeypatch.setattr(Gateway, "__aenter__", entering)
    monkeypatch.setattr(FolderArtifacts, "keys", slow)
    async with open_gateway() as gateway:
        handle = (await gateway.wait(run.id)).outcome.value
        read = await gateway.execute(f"return tools.executor.files.read(handle={handle!r})")
        assert read.outcome.value["ok"]


async def test_no_credential_gets_into_a_file(gateway, files, home):
    await gateway.execute(files.add())
    await gateway.connect("f", AuthScheme(name="key", placement="header", key="X"), CANARY)
    run = await gateway.execute("return tools.f.files.echo()['data']")
    assert files.requests[-1].headers["x"] == CANARY
    assert run.outcome.value["bytes"] == len(CANARY) + 3
    assert list(stored(home).values()) == [b"\xff\xfe" + b"*" * len(CANARY) + b"\0"]


async def test_what_a_run_returns_and_is_too_long_for_the_log_is_kept_as_a_file(gateway):
    run = await gateway.execute("return ['x' * 1000] * 1000")
    value = run.outcome.value
    assert (value["truncated"], value["bytes"]) == (True, 1_003_001)
    code = f"return tools.executor.files.read(handle={value['handle']!r}, offset=1003000)['data']"
    assert (await gateway.execute(code)).outcome.value["text"] == "]"


async def test_two_calls_at_once_share_one_bound(open_gateway, files, home):
    async with open_gateway(keep=Keep(run_file_bytes=2500)) as gateway:
        code = (
            "import asyncio\n"
            "async def one():\n"
            "    return await tools.f.files.image()\n"
            "got = await asyncio.gather(*[one() for _ in range(5)])\n"
            "return [bool(one['data']['handle']) for one in got]"
        )
        run = await gateway.execute(files.add() + code)
        assert sorted(run.outcome.value) == [False, False, False, True, True]
    assert len(stored(home)) == 2


async def test_long_details_of_an_error_are_cut(value):
    error = (await value("return tools.f.files.moved()"))["error"]
    assert error["detail"]["truncated"]
    assert len(error["detail"]["text"]) == 16_000


async def test_texts_are_decoded_as_declared_and_bytes_without_a_type_are_a_file(value):
    code = "return [tools.f.files.latin()['data'], tools.f.files.nothing()['data']]"
    latin, nothing = await value(code)
    assert latin == "größe"
    assert (nothing["content_type"], nothing["bytes"]) == ("application/octet-stream", 2)


async def test_the_record_of_a_call_tells_of_the_handle_not_of_the_bytes(value, gateway):
    await value("return tools.f.files.image()['data']")
    call = gateway.ledger.all(CallRecord)[-1]
    assert '"handle":"fil_' in call.preview
