CREATE TABLE spent (
    account TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    run_id TEXT NOT NULL
) STRICT;
CREATE INDEX spent_by_account ON spent (account, at_us, amount);
CREATE INDEX spent_by_time ON spent (at_us);
CREATE TABLE reserved (
    run_id TEXT NOT NULL,
    account TEXT NOT NULL,
    amount INTEGER NOT NULL,
    expires_us INTEGER NOT NULL,
    PRIMARY KEY (run_id, account)
) STRICT, WITHOUT ROWID;
CREATE INDEX reserved_by_account ON reserved (account, expires_us, amount);
CREATE INDEX reserved_by_end ON reserved (expires_us);
CREATE TABLE record (
    place INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (run_id, id)
) STRICT;
CREATE TABLE run (
    run_id TEXT PRIMARY KEY,
    caller TEXT NOT NULL,
    agent TEXT NOT NULL,
    status TEXT NOT NULL,
    root TEXT NOT NULL,
    started_us INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
CREATE INDEX run_by_start ON run (started_us, run_id);
CREATE INDEX run_by_caller ON run (caller, started_us);
CREATE INDEX run_by_agent ON run (agent, started_us);
CREATE INDEX run_by_root ON run (root);
CREATE TABLE journal (
    run_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    entry BLOB NOT NULL,
    PRIMARY KEY (run_id, position)
) STRICT, WITHOUT ROWID;
