PRAGMA application_id = 1163416915;
PRAGMA user_version = 2;
BEGIN TRANSACTION;
CREATE TABLE job (
    id TEXT PRIMARY KEY,
    next_us INTEGER,
    body TEXT NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "job" VALUES('digest',1767268800123456,'{"id":"digest","cron":"30 7 * * 1-5","zone":"Europe/Berlin","payload":{"skill":"haiku"},"key":"","misfire":"once","overlap":"skip","jitter_s":0.0,"enabled":true}');
CREATE TABLE journal (
    run_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    at_us INTEGER NOT NULL,
    entry BLOB NOT NULL,
    PRIMARY KEY (run_id, position)
) STRICT, WITHOUT ROWID;
INSERT INTO "journal" VALUES('s',0,1767268800123456,X'6F6E65');
INSERT INTO "journal" VALUES('s',1,1767268800123456,X'7A77656920C3BC20EDA080');
CREATE TABLE lead (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    owner TEXT NOT NULL,
    until_us INTEGER NOT NULL
) STRICT;
INSERT INTO "lead" VALUES(1,'one',1767268830123456);
CREATE TABLE note (
    place INTEGER PRIMARY KEY,
    persona TEXT NOT NULL,
    caller TEXT NOT NULL,
    body TEXT NOT NULL
) STRICT;
INSERT INTO "note" VALUES(1,'guide','ann','{"note":"likes tea"}');
CREATE TABLE persona (
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (name, version)
) STRICT, WITHOUT ROWID;
INSERT INTO "persona" VALUES('guide',1,'{"name":"guide","instructions":"Show people around.","description":"","model":null,"tools":["web.*"],"deny":[],"skills":[],"limits":null,"version":1}');
CREATE TABLE record (
    place INTEGER PRIMARY KEY,
    run_id TEXT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL, at_us INTEGER NOT NULL DEFAULT 0,
    UNIQUE (run_id, id)
) STRICT;
INSERT INTO "record" VALUES(1,'r','1','{"odd":Infinity,"later":[1,null],"kind":"denial","id":"1","run_id":"r","at":"2026-01-01T12:00:00.123456+00:00","call_id":"c","tool":"disk.write","stage":"grant","reason":"no \u2603"}',1767268800123456);
INSERT INTO "record" VALUES(2,'q','1','{"kind":"denial","id":"1","run_id":"q","at":"2026-01-01T12:00:00.123456+00:00","call_id":"c","tool":"disk.write","stage":"grant","reason":"no \u2603"}',1767268800123456);
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
, ended_us INTEGER) STRICT;
INSERT INTO "run" VALUES('r','ann','helper','ok','r',1767268800123456,'{"kind":"run","id":"r","run_id":"r","at":"2026-01-01T12:00:00.123456+00:00","parent":null,"root":"r","agent":"helper","caller":"ann","status":"ok","started":"2026-01-01T12:00:00.123456+00:00","ended":"2026-01-01T12:00:01.123456+00:00","input":"","output":"","error":"","steps":0,"tool_calls":0,"input_tokens":null,"output_tokens":null,"cost":null,"warnings":["one"],"metadata":{"tenant":"t"}}',1767268801123456);
INSERT INTO "run" VALUES('s','ann','helper','running','r',1767268800123456,'{"kind":"run","id":"s","run_id":"s","at":"2026-01-01T12:00:00.123456+00:00","parent":null,"root":"r","agent":"helper","caller":"ann","status":"running","started":"2026-01-01T12:00:00.123456+00:00","ended":null,"input":"","output":"","error":"","steps":0,"tool_calls":0,"input_tokens":null,"output_tokens":null,"cost":null,"warnings":["one"],"metadata":{"tenant":"t"}}',NULL);
CREATE TABLE scratch (
    agent TEXT NOT NULL,
    caller TEXT NOT NULL,
    key TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    written_us INTEGER NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (agent, caller, key)
) STRICT;
INSERT INTO "scratch" VALUES('helper','ann','todo',4,1795271453958485,X'6D696C6B');
CREATE TABLE skill (
    name TEXT PRIMARY KEY,
    state TEXT NOT NULL,
    latest INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO "skill" VALUES('haiku','draft',1);
CREATE TABLE skill_version (
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (name, version)
) STRICT, WITHOUT ROWID;
INSERT INTO "skill_version" VALUES('haiku',1,'{"name":"haiku","instructions":"Answer as a haiku.","description":"","model":null,"tools":[],"limits":null,"test_prompt":"","state":"draft","version":1}');
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
CREATE INDEX note_by_caller ON note (persona, caller, place);
CREATE INDEX scratch_by_time ON scratch (written_us);
CREATE INDEX record_by_run ON record (run_id, at_us);
CREATE INDEX run_by_end ON run (ended_us);
COMMIT;
