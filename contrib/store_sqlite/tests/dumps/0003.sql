PRAGMA application_id = 1163416915;
PRAGMA user_version = 3;
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
CREATE TABLE reserved_sum (
    account TEXT NOT NULL,
    bits INTEGER NOT NULL,
    span INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (account, bits, span)
) STRICT, WITHOUT ROWID;
INSERT INTO "reserved_sum" VALUES('a',0,1767268860000000,3);
INSERT INTO "reserved_sum" VALUES('a',6,27613575937500,3);
INSERT INTO "reserved_sum" VALUES('a',12,431462124023,3);
INSERT INTO "reserved_sum" VALUES('a',18,6741595687,3);
INSERT INTO "reserved_sum" VALUES('a',24,105337432,3);
INSERT INTO "reserved_sum" VALUES('a',30,1645897,3);
INSERT INTO "reserved_sum" VALUES('a',36,25717,3);
INSERT INTO "reserved_sum" VALUES('a',42,401,3);
CREATE TABLE run (
    run_id TEXT PRIMARY KEY,
    caller TEXT NOT NULL,
    agent TEXT NOT NULL,
    status TEXT NOT NULL,
    root TEXT NOT NULL,
    started_us INTEGER NOT NULL,
    body TEXT NOT NULL
, ended_us INTEGER) STRICT;
INSERT INTO "run" VALUES('r','ann','helper','ok','r',1767268800123456,'{"kind":"run","id":"r","run_id":"r","at":"2026-01-01T12:00:00.123456+00:00","parent":null,"root":"r","agent":"helper","caller":"ann","status":"ok","started":"2026-01-01T12:00:00.123456+00:00","ended":"2026-01-01T12:00:01.123456+00:00","input":"","output":"","error":"","steps":0,"tool_calls":0,"input_tokens":null,"output_tokens":null,"cost":null,"model":"","warnings":["one"],"metadata":{"tenant":"t"}}',1767268801123456);
INSERT INTO "run" VALUES('s','ann','helper','running','r',1767268800123456,'{"kind":"run","id":"s","run_id":"s","at":"2026-01-01T12:00:00.123456+00:00","parent":null,"root":"r","agent":"helper","caller":"ann","status":"running","started":"2026-01-01T12:00:00.123456+00:00","ended":null,"input":"","output":"","error":"","steps":0,"tool_calls":0,"input_tokens":null,"output_tokens":null,"cost":null,"model":"","warnings":["one"],"metadata":{"tenant":"t"}}',NULL);
CREATE TABLE scale (
    bits INTEGER PRIMARY KEY,
    siblings INTEGER
) STRICT;
INSERT INTO "scale" VALUES(0,63);
INSERT INTO "scale" VALUES(6,63);
INSERT INTO "scale" VALUES(12,63);
INSERT INTO "scale" VALUES(18,63);
INSERT INTO "scale" VALUES(24,63);
INSERT INTO "scale" VALUES(30,63);
INSERT INTO "scale" VALUES(36,63);
INSERT INTO "scale" VALUES(42,NULL);
CREATE TABLE scratch (
    agent TEXT NOT NULL,
    caller TEXT NOT NULL,
    key TEXT NOT NULL,
    size_bytes INTEGER NOT NULL,
    written_us INTEGER NOT NULL,
    value BLOB NOT NULL,
    PRIMARY KEY (agent, caller, key)
) STRICT;
INSERT INTO "scratch" VALUES('helper','ann','todo',4,1795275076116245,X'6D696C6B');
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
CREATE TABLE spent_sum (
    account TEXT NOT NULL,
    bits INTEGER NOT NULL,
    span INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (account, bits, span)
) STRICT, WITHOUT ROWID;
INSERT INTO "spent_sum" VALUES('a',0,1767268800000000,5);
INSERT INTO "spent_sum" VALUES('a',6,27613575000000,5);
INSERT INTO "spent_sum" VALUES('a',12,431462109375,5);
INSERT INTO "spent_sum" VALUES('a',18,6741595458,5);
INSERT INTO "spent_sum" VALUES('a',24,105337429,5);
INSERT INTO "spent_sum" VALUES('a',30,1645897,5);
INSERT INTO "spent_sum" VALUES('a',36,25717,5);
INSERT INTO "spent_sum" VALUES('a',42,401,5);
CREATE INDEX spent_by_time ON spent (at_us);
CREATE INDEX reserved_by_end ON reserved (expires_us);
CREATE INDEX run_by_start ON run (started_us, run_id);
CREATE INDEX run_by_caller ON run (caller, started_us);
CREATE INDEX run_by_agent ON run (agent, started_us);
CREATE INDEX run_by_root ON run (root);
CREATE INDEX note_by_caller ON note (persona, caller, place);
CREATE INDEX scratch_by_time ON scratch (written_us);
CREATE INDEX record_by_run ON record (run_id, at_us);
CREATE INDEX run_by_end ON run (ended_us);
CREATE TRIGGER spent_sum_emptied AFTER UPDATE ON spent_sum WHEN new.amount = 0 BEGIN
    DELETE FROM spent_sum WHERE account = new.account AND bits = new.bits AND span = new.span;
END;
CREATE TRIGGER spent_added AFTER INSERT ON spent BEGIN
    INSERT INTO spent_sum (account, bits, span, amount)
        SELECT new.account, bits, new.at_us >> bits, new.amount FROM scale WHERE true
        ON CONFLICT (account, bits, span) DO UPDATE SET amount = amount + excluded.amount;
END;
CREATE TRIGGER spent_removed AFTER DELETE ON spent BEGIN
    INSERT INTO spent_sum (account, bits, span, amount)
        SELECT old.account, bits, old.at_us >> bits, -old.amount FROM scale WHERE true
        ON CONFLICT (account, bits, span) DO UPDATE SET amount = amount + excluded.amount;
END;
CREATE TRIGGER reserved_sum_emptied AFTER UPDATE ON reserved_sum WHEN new.amount = 0 BEGIN
    DELETE FROM reserved_sum WHERE account = new.account AND bits = new.bits AND span = new.span;
END;
CREATE TRIGGER reserved_added AFTER INSERT ON reserved BEGIN
    INSERT INTO reserved_sum (account, bits, span, amount)
        SELECT new.account, bits, new.expires_us >> bits, new.amount FROM scale WHERE true
        ON CONFLICT (account, bits, span) DO UPDATE SET amount = amount + excluded.amount;
END;
CREATE TRIGGER reserved_removed AFTER DELETE ON reserved BEGIN
    INSERT INTO reserved_sum (account, bits, span, amount)
        SELECT old.account, bits, old.expires_us >> bits, -old.amount FROM scale WHERE true
        ON CONFLICT (account, bits, span) DO UPDATE SET amount = amount + excluded.amount;
END;
COMMIT;
