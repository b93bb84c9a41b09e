CREATE TABLE scale (
    bits INTEGER PRIMARY KEY,
    siblings INTEGER
) STRICT;
INSERT INTO scale (bits, siblings) VALUES
    (0, 63), (6, 63), (12, 63), (18, 63), (24, 63), (30, 63), (36, 63), (42, NULL);
CREATE TABLE spent_sum (
    account TEXT NOT NULL,
    bits INTEGER NOT NULL,
    span INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (account, bits, span)
) STRICT, WITHOUT ROWID;
CREATE TABLE reserved_sum (
    account TEXT NOT NULL,
    bits INTEGER NOT NULL,
    span INTEGER NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (account, bits, span)
) STRICT, WITHOUT ROWID;
INSERT INTO spent_sum (account, bits, span, amount)
    SELECT account, bits, at_us >> bits, sum(amount) FROM spent CROSS JOIN scale GROUP BY 1, 2, 3;
INSERT INTO reserved_sum (account, bits, span, amount)
    SELECT account, bits, expires_us >> bits, sum(amount) FROM reserved CROSS JOIN scale
    GROUP BY 1, 2, 3;
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
DROP INDEX spent_by_account;
DROP INDEX reserved_by_account;
