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
