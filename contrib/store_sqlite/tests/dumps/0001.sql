PRAGMA application_id = 1163416915;
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE journal (
    run_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    entry BLOB NOT NULL,
    PRIMARY KEY (run_id, position)
) STRICT, WITHOUT ROWID;
INSERT INTO "journal" VALUES('s',0,1767268800123456,X'6F6E65');
INSERT INTO "journal" VALUES('s',1,1767268800123456,X'7A77656920C3BC20EDA080');
CREATE TABLE record (
    place INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (run_id, id)
) STRICT;
INSERT INTO "record" VALUES(1,'r','1','{"odd":Infinity,"later":[1,null],"kind":"denial","id":"1","run_id":"r","at":"2026-01-01T12:00:00.123456+00:00","call_id":"c","tool":"disk.write","stage":"grant","reason":"no ☃"}');
INSERT INTO "record" VALUES(2,'q','1','{"kind":"denial","id":"1","run_id":"q","at":"2026-01-01T12:00:00.123456+00:00","call_id":"c","tool":"disk.write","stage":"grant","reason":"no ☃"}');
CREATE TABLE reserved (
    run_id TEXT NOT NULL,
    account TEXT NOT NULL,
    amount INTEGER NOT NULL,
    expires_us INTEGER NOT NULL,
    PRIMARY KEY (run_id, account)
) STRICT, WITHOUT ROWID;
INSERT INTO "reserved" VALUES('s','a',3,1767268860000000);
CREATE TABLE run (
    run_id TEXT PRIMARY KEY,
    caller TEXT NOT NULL,
    agent TEXT NOT NULL,
    status TEXT NOT NULL,
    root TEXT NOT NULL,
    started_us INTEGER NOT NULL,
    body TEXT NOT NULL
) STRICT;
INSERT INTO "run" VALUES('r','ann','helper','ok','r',1767268800123456,'{"kind":"run","id":"r","run_id":"r","at":"2026-01-01T12:00:00.123456+00:00","parent":null,"root":"r","agent":"helper","caller":"ann","status":"ok","started":"2026-01-01T12:00:00.123456+00:00","ended":"2026-01-01T12:00:01.123456+00:00","input":"","output":"","error":"","steps":0,"tool_calls":0,"input_tokens":null,"output_tokens":null,"cost":null,"warnings":["one"],"metadata":{"tenant":"t"}}');
INSERT INTO "run" VALUES('s','ann','helper','running','r',1767268800123456,'{"kind":"run","id":"s","run_id":"s","at":"2026-01-01T12:00:00.123456+00:00","parent":null,"root":"r","agent":"helper","caller":"ann","status":"running","started":"2026-01-01T12:00:00.123456+00:00","ended":null,"input":"","output":"","error":"","steps":0,"tool_calls":0,"input_tokens":null,"output_tokens":null,"cost":null,"warnings":["one"],"metadata":{"tenant":"t"}}');
CREATE TABLE spent (
    account TEXT NOT NULL,
    at_us INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    run_id TEXT NOT NULL
) STRICT;
INSERT INTO "spent" VALUES('a',1767268800000000,5,'r');
CREATE INDEX spent_by_account ON spent (account, at_us, amount);
CREATE INDEX spent_by_time ON spent (at_us);
CREATE INDEX reserved_by_account ON reserved (account, expires_us, amount);
CREATE INDEX reserved_by_end ON reserved (expires_us);
CREATE INDEX run_by_start ON run (started_us, run_id);
CREATE INDEX run_by_caller ON run (caller, started_us);
CREATE INDEX run_by_agent ON run (agent, started_us);
CREATE INDEX run_by_root ON run (root);
COMMIT;
