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

-- Deleted messages stand in indexes of their own, so that no number of them makes finding the others slow.
DROP INDEX posts_room_messages;
DROP INDEX posts_author_messages;
DROP INDEX posts_reader_messages;
DROP INDEX posts_pair;
CREATE INDEX posts_room_messages ON posts (room) WHERE reader IS NULL AND target IS NULL AND gone_by IS NULL AND kind <> 'topic' AND kind <> 'moderated';
CREATE INDEX posts_author_messages ON posts (author) WHERE reader IS NOT NULL AND target IS NULL AND gone_by IS NULL;
CREATE INDEX posts_reader_messages ON posts (reader) WHERE reader IS NOT NULL AND target IS NULL AND gone_by IS NULL;
CREATE INDEX posts_pair ON posts (author, reader) WHERE reader IS NOT NULL AND target IS NULL AND gone_by IS NULL;
CREATE INDEX posts_room_deleted ON posts (room) WHERE reader IS NULL AND target IS NULL AND gone_by IS NOT NULL;
CREATE INDEX posts_author_deleted ON posts (author) WHERE reader IS NOT NULL AND target IS NULL AND gone_by IS NOT NULL;
CREATE INDEX posts_reader_deleted ON posts (reader) WHERE reader IS NOT NULL AND target IS NULL AND gone_by IS NOT NULL;

-- An author's messages that are not deleted are found by room; the room of private ones is empty.
CREATE TABLE said (
    author INTEGER NOT NULL, room TEXT NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (author, room, id)
) STRICT, WITHOUT ROWID;
INSERT INTO said SELECT authored.author, posts.room, authored.id FROM authored JOIN posts ON posts.id = authored.id;
DROP TABLE authored;
ALTER TABLE said RENAME TO authored;

-- The index also has whose each message is, and what it has besides words: it is filled anew.
INSERT INTO search (search) VALUES ('delete-all');
UPDATE counters SET value = 0 WHERE name = 'indexed';

-- Replies, and their edits: the number of the message that is answered, its author, and their nickname then.
ALTER TABLE posts ADD COLUMN reply INTEGER;
ALTER TABLE posts ADD COLUMN reply_author INTEGER;
ALTER TABLE posts ADD COLUMN reply_nick TEXT;

-- The messages of a room that call everybody there, whose "peer" is @all.
CREATE INDEX posts_room_calls ON posts (room) WHERE reader IS NULL AND peer = '@all' AND target IS NULL AND gone_by IS NULL;

-- Shared files: the public id of the link, the hex SHA-256 of the content, its bytes, and its type as in HTTP; the name
-- is the text.  Deleted ones have none of these.  An object is kept as long as a post names its hash.
ALTER TABLE posts ADD COLUMN link TEXT;
ALTER TABLE posts ADD COLUMN sha256 TEXT;
ALTER TABLE posts ADD COLUMN size INTEGER;
ALTER TABLE posts ADD COLUMN type TEXT;
CREATE UNIQUE INDEX posts_link ON posts (link) WHERE link IS NOT NULL;
CREATE INDEX posts_files ON posts (author) WHERE link IS NOT NULL;
CREATE INDEX posts_room_files ON posts (room) WHERE link IS NOT NULL AND reader IS NULL;
CREATE INDEX posts_reader_files ON posts (reader) WHERE link IS NOT NULL AND reader IS NOT NULL;

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

-- What facts are known by (rules/known_facts.py) that were true here, but are no longer, or were imported, or not because
-- another one was true here: no import brings these back.  With the journal that had them first.
CREATE TABLE imported_facts (digest TEXT PRIMARY KEY, origin INTEGER NOT NULL) STRICT, WITHOUT ROWID;

-- What counts as removed, and how far the rows are.
-- expired: everything up to this number counts as removed, but the newest topic of each room up to there; removed: and
-- is no longer in the table.  0 because topics that others have followed are still there.
-- forgotten: sessions last seen before this count as removed, in milliseconds since 1970 UTC.
-- erasures: how many persons were erased so far.  merging: 1 when removed words may still be in the search index;
-- scrubbing: 1 when erased ones may still be in unused bytes of the file.
INSERT OR IGNORE INTO counters VALUES ('expired', 0);
INSERT INTO counters VALUES ('removed', 0), ('forgotten', 0), ('erasures', 0), ('merging', 0), ('scrubbing', 0);
CREATE INDEX sessions_seen ON sessions (seen);

ALTER TABLE sessions ADD COLUMN current TEXT NOT NULL DEFAULT '';    -- the room its lines go to
ALTER TABLE sessions ADD COLUMN lost TEXT NOT NULL DEFAULT '';       -- the room it was put out of and not yet told so
ALTER TABLE sessions ADD COLUMN since REAL NOT NULL DEFAULT 0;       -- when its author came first
ALTER TABLE sessions ADD COLUMN silent INTEGER NOT NULL DEFAULT 0;   -- 1 when it wants nothing from before it came
ALTER TABLE sessions ADD COLUMN partner INTEGER;                     -- the author its lines go to, instead of a room
ALTER TABLE sessions ADD COLUMN ignored TEXT NOT NULL DEFAULT '[]';  -- of a guest, whom it ignores: [author, nick, origin]
ALTER TABLE sessions ADD COLUMN read TEXT NOT NULL DEFAULT '[]';     -- how far a guest has read: [place, number, when]
UPDATE sessions SET current = coalesce(json_extract(rooms, '$[#-1]'), '') WHERE json_valid(rooms);

-- People who are erased, as long as not all of their rows are overwritten; see rules/erasures.py.
CREATE TABLE erasures (
    id INTEGER PRIMARY KEY,     -- the number of the erasure
    key TEXT NOT NULL,          -- the nickname's key
    alias TEXT NOT NULL,        -- the pseudonym
    author INTEGER,             -- whose account it was
    spared TEXT NOT NULL,       -- a JSON array: the authors with other accounts at that moment
    after INTEGER NOT NULL,     -- what had expired
    upto INTEGER NOT NULL,      -- the highest number at that moment
    done INTEGER NOT NULL       -- up to which number rows are overwritten
) STRICT;

-- Of a cluster only, and empty otherwise.  The one row says how far this file has carried out which log: the number of
-- the last entry, its place in the log's store, the SHA-256 over all entries since this file joined, and the rules by
-- which the next one is carried out.
CREATE TABLE place (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    cluster TEXT NOT NULL, number INTEGER NOT NULL, revision INTEGER NOT NULL, chain TEXT NOT NULL,
    rules INTEGER NOT NULL
) STRICT;

-- The nodes, but for those that were removed.
CREATE TABLE nodes (
    node TEXT PRIMARY KEY,
    epoch INTEGER NOT NULL,       -- its newest
    up INTEGER NOT NULL,          -- 1: that has not ended; 0: others noticed its end; -1: the node said that it stops
    at REAL NOT NULL,             -- once it has: when that was noticed, in seconds since 1970 UTC
    applied INTEGER NOT NULL      -- and the last entry that the node said it had carried out; 0: it is not known
) STRICT, WITHOUT ROWID;

-- The connections at all nodes.
CREATE TABLE presences (
    handle TEXT PRIMARY KEY,
    node TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    author INTEGER NOT NULL,
    nick TEXT NOT NULL,
    key TEXT NOT NULL,            -- the nickname's key
    account TEXT NOT NULL,        -- the nickname of the account; empty: a guest
    since REAL NOT NULL,          -- seconds since 1970 UTC
    known_since REAL NOT NULL,
    rooms TEXT NOT NULL,          -- a JSON array
    current TEXT NOT NULL,
    away TEXT,                    -- NULL when here
    secure INTEGER NOT NULL,
    program INTEGER NOT NULL,
    door TEXT NOT NULL,
    origin TEXT NOT NULL
) STRICT, WITHOUT ROWID;
-- At which node the connection of a session was last, now that it is at none.
CREATE TABLE session_nodes (digest TEXT PRIMARY KEY, node TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TRIGGER sessions_gone AFTER DELETE ON sessions BEGIN
    DELETE FROM session_nodes WHERE digest = old.digest;
END;
-- In which entry of the log tokens have ended last: the one with the digest only_digest, or, if that is empty, all of the
-- author but the one of kept_digest; at: when that was asked for, in seconds since 1970 UTC.
CREATE TABLE ended_tokens (
    author INTEGER NOT NULL, kept_digest TEXT NOT NULL, only_digest TEXT NOT NULL,
    number INTEGER NOT NULL, at REAL NOT NULL, PRIMARY KEY (author, kept_digest, only_digest)
) STRICT, WITHOUT ROWID;
CREATE INDEX ended_tokens_number ON ended_tokens (author, number);
CREATE INDEX ended_tokens_at ON ended_tokens (at);
-- In which entry of the log an author was put out of a room last, or, if the room is empty, the account was moved.
CREATE TABLE moved (
    author INTEGER NOT NULL, room TEXT NOT NULL, number INTEGER NOT NULL, at REAL NOT NULL, PRIMARY KEY (author, room)
) STRICT, WITHOUT ROWID;
CREATE INDEX moved_number ON moved (author, number);
CREATE INDEX moved_at ON moved (at);
CREATE INDEX presences_key ON presences (key);
CREATE INDEX presences_node ON presences (node, epoch);
