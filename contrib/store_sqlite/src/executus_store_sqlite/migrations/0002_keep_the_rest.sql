CREATE TABLE persona (
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (name, version)
) STRICT, WITHOUT ROWID;
CREATE TABLE note (
    place INTEGER PRIMARY KEY,
    persona TEXT NOT NULL,
    caller TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX note_by_caller ON note (persona, caller, place);
CREATE TABLE skill (
    name TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    latest INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE skill_version (
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (name, version)
) STRICT, WITHOUT ROWID;
CREATE TABLE job (
    id TEXT PRIMARY KEY,
    next_us INTEGER,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE lead (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    owner TEXT NOT NULL,
    until_us INTEGER NOT NULL
) STRICT;
CREATE TABLE scratch (
    agent TEXT NOT NULL,
    caller TEXT NOT NULL,
    key TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    written_us INTEGER NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (agent, caller, key)
) STRICT;
CREATE INDEX scratch_by_time ON scratch (written_us);
ALTER TABLE record ADD COLUMN at_us INTEGER NOT NULL DEFAULT 0;
UPDATE record SET at_us = coalesce(
    CASE WHEN json_valid(body) THEN
        CAST(round((julianday(json_extract(body, '$.at')) - 2440587.5) * 86400000000) AS INTEGER)
    END,
    CAST(strftime('%s', 'now') AS INTEGER) * 1000000
);
CREATE INDEX record_by_run ON record (run_id, at_us);
ALTER TABLE run ADD COLUMN ended_us INTEGER;
UPDATE run SET ended_us =
    CASE WHEN json_valid(body) THEN
        CAST(round((julianday(json_extract(body, '$.ended')) - 2440587.5) * 86400000000) AS INTEGER)
    END;
CREATE INDEX run_by_end ON run (ended_us);
