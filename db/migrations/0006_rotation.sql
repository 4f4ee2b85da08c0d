-- compatible-from: 0003
-- Credentials change over without downtime: the successor waits, or is active while its predecessor is kept.

-- All connections of one credential have the same former and next ones, which are of the same owner.
--   former   replaced by the present one; used when the provider rejects that, until its overlap is over
--   next     pending; goes into use by `credential activate`, or once id and secret are verified
ALTER TABLE bursar.connection
    ADD COLUMN former_credential_id uuid REFERENCES bursar.credential (credential_id) ON DELETE SET NULL,
    ADD COLUMN next_credential_id uuid REFERENCES bursar.credential (credential_id) ON DELETE SET NULL,
    ADD CONSTRAINT connection_rotation_check
        CHECK (former_credential_id <> credential_id AND next_credential_id <> credential_id);
CREATE INDEX connection_by_former ON bursar.connection (former_credential_id)
    WHERE former_credential_id IS NOT NULL;
CREATE INDEX connection_by_next ON bursar.connection (next_credential_id)
    WHERE next_credential_id IS NOT NULL;

-- How long a credential keeps the one that it replaces, and when a kept one is withdrawn.
ALTER TABLE bursar.credential
    ADD COLUMN overlap_seconds integer NOT NULL DEFAULT 86400
        CHECK (overlap_seconds BETWEEN 0 AND 31536000),
    ADD COLUMN retires_at timestamptz,
    ADD CONSTRAINT credential_retires_check CHECK ((retires_at IS NOT NULL) = (state = 'retiring'));
CREATE INDEX credential_by_retirement ON bursar.credential (retires_at) WHERE retires_at IS NOT NULL;
