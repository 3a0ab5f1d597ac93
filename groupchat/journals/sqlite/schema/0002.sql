-- Facts of one kind each: the rank and the preferences of an account are no longer part of it,
-- so that whoever changes one of them never writes back an older value of another.

INSERT INTO facts
SELECT 'rank', json_extract(value, '$.author'),
    json_object('rank', json_extract(value, '$.rank'), 'by', 'server', 'at', json_extract(value, '$.since'))
FROM facts WHERE kind = 'account' AND json_extract(value, '$.rank') <> 'member';

INSERT INTO facts
SELECT 'preferences', json_extract(account.value, '$.author') || '/' || door.key, door.value
FROM facts AS account, json_each(account.value, '$.preferences') AS door
WHERE account.kind = 'account' AND door.value <> '{}';

UPDATE facts SET value = json_remove(value, '$.rank', '$.preferences') WHERE kind = 'account';

-- What was left behind by accounts that are gone.
DELETE FROM facts WHERE kind = 'position' AND CAST(substr(name, 1, instr(name, '/') - 1) AS INTEGER) NOT IN (
    SELECT json_extract(value, '$.author') FROM facts WHERE kind = 'account'
);

-- Where posts come from, for "groupchat export" and "groupchat import".
-- Journal 0 is this one; its identity is made once, and a copy of the file has the same.
CREATE TABLE origins (id INTEGER PRIMARY KEY, identity TEXT NOT NULL UNIQUE) STRICT;
INSERT INTO origins VALUES (0, lower(hex(randomblob(16))));

-- The posts that were imported: those with the numbers first to last of another journal are here from start on.
-- Two copies of one journal may have given the same number to different posts: these stand in different branches.
-- Rows stay when posts are removed, so that what was imported once is never imported again.
CREATE TABLE imported (
    origin INTEGER NOT NULL, branch INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
    start INTEGER NOT NULL, PRIMARY KEY (origin, branch, first)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX imported_start ON imported (start);

-- Digests of the facts that were imported, or not because another one was true here.
CREATE TABLE imported_facts (digest TEXT PRIMARY KEY, origin INTEGER NOT NULL) STRICT, WITHOUT ROWID;
