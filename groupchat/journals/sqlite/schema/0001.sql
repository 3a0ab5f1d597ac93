-- The first form of the journal.  Never change this file: a later form is a new file, 0002.sql and so on.

PRAGMA application_id = 0x67637430;  -- "gct0"

CREATE TABLE posts (
    id INTEGER PRIMARY KEY,   -- given by the writer: above every number used before
    kind TEXT NOT NULL,       -- said, acted, whispered, edited, deleted, topic, moderated
    author INTEGER NOT NULL,  -- of the edit or deletion of something private: who wrote that
    reader INTEGER,           -- only of what is private
    room TEXT NOT NULL,       -- empty when private
    nick TEXT NOT NULL,
    peer TEXT NOT NULL,       -- the other person's nickname when private
    at INTEGER NOT NULL,      -- milliseconds since 1970 UTC
    text TEXT NOT NULL,       -- overwritten by nothing when deleted
    target INTEGER,           -- edits and deletions: the message changed
    revised TEXT,             -- messages: the newest text, when edited
    gone_by TEXT,             -- deleted messages and their edits: who deleted them
    gone_to TEXT,             -- and the other person, when private
    key TEXT
) STRICT;

-- A plain message stands in one of these only, so that a commit touches few pages;
-- that it is in none of the others is told by a NULL, which is faster than comparing its kind.
-- Messages and other rows are apart, so that no number of edits between messages makes finding these slow.
CREATE INDEX posts_room_messages ON posts (room) WHERE reader IS NULL AND target IS NULL AND kind <> 'topic' AND kind <> 'moderated';
CREATE INDEX posts_room_changes ON posts (room) WHERE target IS NOT NULL AND reader IS NULL;
CREATE INDEX posts_author_messages ON posts (author) WHERE reader IS NOT NULL AND target IS NULL;
CREATE INDEX posts_author_changes ON posts (author) WHERE reader IS NOT NULL AND target IS NOT NULL;
CREATE INDEX posts_reader_messages ON posts (reader) WHERE reader IS NOT NULL AND target IS NULL;
CREATE INDEX posts_reader_changes ON posts (reader) WHERE reader IS NOT NULL AND target IS NOT NULL;
CREATE INDEX posts_pair ON posts (author, reader) WHERE reader IS NOT NULL AND target IS NULL;
CREATE INDEX posts_topic ON posts (room) WHERE kind = 'topic';
CREATE INDEX posts_moderation ON posts (room) WHERE kind = 'moderated';
CREATE INDEX posts_moderated ON posts (kind) WHERE kind = 'moderated';
CREATE INDEX posts_target ON posts (target) WHERE target IS NOT NULL;
CREATE UNIQUE INDEX posts_key ON posts (author, key) WHERE key IS NOT NULL;

-- Where time begins to rise anew: a row for the first post and for each that is older than the one before it.
-- Within a span a time is found by halving, so posts need no index by time.
CREATE TABLE spans (first INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT;

-- head: the highest number ever used.  indexed: up to which number "authored" and "search" are filled.
CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;
INSERT INTO counters VALUES ('head', 0), ('indexed', 0);

-- Filled when the writer is idle: an author's messages that are not deleted, and the words of all.
CREATE TABLE authored (
    author INTEGER NOT NULL, id INTEGER NOT NULL, PRIMARY KEY (author, id)
) STRICT, WITHOUT ROWID;
CREATE VIRTUAL TABLE search USING fts5 (text, place, content = '', tokenize = 'ascii');

-- What is true until it is changed: accounts, bans, who operates a room.
CREATE TABLE facts (
    kind TEXT NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY (kind, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    author INTEGER NOT NULL,
    digest TEXT PRIMARY KEY,
    nick TEXT NOT NULL,
    rooms TEXT NOT NULL,      -- a JSON array
    position INTEGER NOT NULL,
    seen REAL NOT NULL        -- seconds since 1970 UTC
) STRICT;
CREATE INDEX sessions_author ON sessions (author);
