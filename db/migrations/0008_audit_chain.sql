-- compatible-from: 0008
-- The audit trail as a chain for each tenant: every row is authenticated together with the one before it, under a
-- key that the database does not hold. A program that does not know it cannot write the trail any more, and what
-- cannot be recorded is not done.

-- Wrapped under the keyring's key `kek_id`, like the pepper; each chain's own key is derived from it. One for ever:
-- a second would have to say from which row on it holds.
CREATE TABLE bursar.audit_key (
    version integer PRIMARY KEY CHECK (version = 1),
    kek_id text NOT NULL,
    wrapped bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- The last row of each chain. Whoever adds to a chain locks its head first.
CREATE TABLE bursar.audit_head (
    tenant_id uuid PRIMARY KEY,
    seq bigint NOT NULL CHECK (seq >= 0),
    mac bytea NOT NULL CHECK (length(mac) = 32)
) WITH (fillfactor = 50);

-- Where each chain ended when a month was closed; the month's manifest holds their digest.
CREATE TABLE bursar.audit_anchor (
    tenant_id uuid NOT NULL,
    period text NOT NULL,
    seq bigint NOT NULL CHECK (seq > 0),
    mac bytea NOT NULL CHECK (length(mac) = 32),
    PRIMARY KEY (tenant_id, period)
);
CREATE INDEX audit_anchor_by_period ON bursar.audit_anchor (period, tenant_id);

-- What `audit verify` found when it last went through everything; it is there for alerts, and vouches for nothing.
CREATE TABLE bursar.audit_verification (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    verified_at timestamptz NOT NULL,
    findings bigint NOT NULL CHECK (findings >= 0)
);

-- Rows from before stay without number and mac; no new one may.
ALTER TABLE bursar.audit_event
    ADD COLUMN seq bigint CHECK (seq > 0),
    ADD COLUMN previous bytea CHECK (length(previous) = 32),
    ADD COLUMN mac bytea CHECK (length(mac) = 32);
CREATE UNIQUE INDEX audit_event_by_seq ON bursar.audit_event (tenant_id, seq);
-- What `audit verify` compares chains' beginnings with, found without reading the whole trail.
CREATE INDEX audit_event_unchained ON bursar.audit_event (tenant_id) WHERE seq IS NULL;
CREATE INDEX audit_event_begun ON bursar.audit_event (tenant_id)
    WHERE seq = 1 AND previous <> decode(repeat('00', 32), 'hex');
ALTER TABLE bursar.audit_event ADD CONSTRAINT audit_event_is_chained
    CHECK (seq IS NOT NULL AND previous IS NOT NULL AND mac IS NOT NULL) NOT VALID;

-- A chain begins with the digest of its tenant's rows from before, so that its first row vouches for them.
INSERT INTO bursar.audit_head (tenant_id, seq, mac)
SELECT tenant_id, 0, sha256(string_agg(sha256(convert_to(jsonb_build_array(
        tenant_id, event_id, (extract(epoch FROM at) * 1000000)::bigint, actor, action, subject, detail
    )::text, 'UTF8')), ''::bytea ORDER BY event_id))
FROM bursar.audit_event GROUP BY tenant_id;

CREATE TRIGGER final BEFORE UPDATE OR DELETE OR TRUNCATE ON bursar.audit_event
    FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse_change();
CREATE TRIGGER final BEFORE UPDATE OR DELETE OR TRUNCATE ON bursar.audit_anchor
    FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse_change();
CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON bursar.audit_head
    FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse_change();
CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON bursar.audit_key
    FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse_change();

GRANT SELECT, INSERT, UPDATE ON bursar.audit_head, bursar.audit_key, bursar.audit_verification TO bursar_gateway;
GRANT SELECT, INSERT ON bursar.audit_anchor TO bursar_gateway;
