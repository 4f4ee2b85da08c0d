-- compatible-from: 0001
-- Which key-encryption key seals, and which never seals again.

-- One row. Whoever seals a data key or a pepper holds it FOR SHARE until that is stored, so a key is never retired
-- under a row that is on its way.
CREATE TABLE bursar.key_policy (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    -- NULL: the first line of whichever keyring.
    sealing_kek text,
    retired_keks text[] NOT NULL DEFAULT '{}',
    CHECK (sealing_kek <> ALL (retired_keks))
);
INSERT INTO bursar.key_policy DEFAULT VALUES;

-- A rewrap names each owner whose keys it touched; every change deletes what is older than a day.
CREATE INDEX config_change_by_time ON bursar.config_change (at);

GRANT SELECT, UPDATE ON bursar.key_policy TO bursar_gateway;
