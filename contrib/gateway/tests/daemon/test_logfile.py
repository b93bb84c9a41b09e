"""The log is private, bounded, and shows no token."""

import logging
import stat

from executus_gateway.daemon.logfile import log_to_file

SECRET = "tok-c4n4ry-0123456789"


def test_a_token_is_in_no_line_and_in_no_traceback(tmp_path):
    path = tmp_path / "daemon.log"
    logger = logging.getLogger("executus_gateway.test")
    with log_to_file(path, max_bytes=100_000, secrets=[SECRET]):
        logger.info("sent Bearer %s", SECRET)
        try:
            raise RuntimeError(f"with {SECRET}")
        except RuntimeError:
            logger.exception("failed")
    logger.info("not here any more")
    text = path.read_text()
    assert SECRET not in text
    assert "RuntimeError: with [secret token]" in text
    assert "not here" not in text
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_it_begins_anew_past_a_size_and_keeps_two_older_ones(tmp_path):
    path = tmp_path / "daemon.log"
    logger = logging.getLogger("executus_gateway.test")
    with log_to_file(path, max_bytes=1000, secrets=[]):
        for number in range(200):
            logger.info("line %d", number)
    names = {found.name for found in tmp_path.iterdir()}
    assert names == {"daemon.log", "daemon.log.1", "daemon.log.2"}
    assert all(found.stat().st_size <= 1000 for found in tmp_path.iterdir())
    assert "line 199" in path.read_text()
    assert {stat.S_IMODE(found.stat().st_mode) for found in tmp_path.iterdir()} == {0o600}
