-- compatible-from: 0001
-- Tokens at rest, what the providers were asked, and what merchants were answered.

-- ── Token slots ────────────────────────────────────────────────────────────────────────────────────────────
-- One token of one credential and scope. The credential's owner leads it. Whoever holds the lease may ask the
-- provider; whoever holds its latest epoch may store what came.
CREATE TABLE bursar.token_slot (
    owner_id uuid NOT NULL,
    slot_digest bytea NOT NULL CHECK (length(slot_digest) = 32),
    credential_id uuid NOT NULL,
    credential_version integer NOT NULL,
    provider text NOT NULL,
    environment text NOT NULL,
    generation bigint NOT NULL DEFAULT 0,
    access_sealed bytea,
    refresh_sealed bytea,
    key_version integer,
    issued_at timestamptz,
    expires_at timestamptz,
    refresh_until timestamptz,
    jitter double precision NOT NULL DEFAULT 0,
    lease_owner uuid,
    lease_until timestamptz NOT NULL DEFAULT '-infinity',
    lease_epoch bigint NOT NULL DEFAULT 0,
    failure_reason text,
    failure_count integer NOT NULL DEFAULT 0,
    retry_at timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner_id, slot_digest),
    FOREIGN KEY (owner_id, credential_id) REFERENCES bursar.credential ON DELETE CASCADE,
    FOREIGN KEY (owner_id, key_version) REFERENCES bursar.data_key
);
CREATE INDEX token_slot_by_credential ON bursar.token_slot (owner_id, credential_id);

-- ── Refresh events ─────────────────────────────────────────────────────────────────────────────────────────
-- One row for each request to a provider. Partitions are months in UTC and are made ahead by the gateway; the
-- default one catches what no month is there for, and should stay empty.
CREATE TABLE bursar.refresh_event (
    owner_id uuid NOT NULL,
    event_id uuid NOT NULL,
    at timestamptz NOT NULL,
    tenant_id uuid,
    provider text NOT NULL,
    environment text NOT NULL,
    credential_id uuid NOT NULL,
    cause text NOT NULL CHECK (cause IN ('cold', 'renewal', 'rejected', 'keep_warm')),
    step text NOT NULL CHECK (step IN ('full', 'refresh', 'scoped')),
    outcome text NOT NULL,
    http_status integer,
    latency_us bigint NOT NULL CHECK (latency_us >= 0),
    lifetime_seconds bigint,
    replica_id uuid NOT NULL,
    PRIMARY KEY (owner_id, at, event_id)
) PARTITION BY RANGE (at);
CREATE TABLE bursar.refresh_event_default PARTITION OF bursar.refresh_event DEFAULT;
CREATE INDEX refresh_event_by_time ON bursar.refresh_event (at);

-- Makes the month that `day` lies in, and the one after it. Runs as its owner: the gateway may not create
-- tables by itself. Concurrent callers are put in line by the lock.
CREATE FUNCTION bursar.ensure_partitions(day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
DECLARE
    first date;
    name text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('bursar.ensure_partitions'));
    FOR ahead IN 0..1 LOOP
        first := (date_trunc('month', day) + make_interval(months => ahead))::date;
        name := 'refresh_event_' || to_char(first, 'YYYY_MM');
        CONTINUE WHEN to_regclass('bursar.' || name) IS NOT NULL;
        EXECUTE format(
            'CREATE TABLE bursar.%I PARTITION OF bursar.refresh_event FOR VALUES FROM (%L) TO (%L)',
            name, first::text || ' 00:00:00+00', (first + interval '1 month')::date::text || ' 00:00:00+00');
    END LOOP;
END
$body$;
REVOKE ALL ON FUNCTION bursar.ensure_partitions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bursar.ensure_partitions TO bursar_gateway;

-- ── Usage ──────────────────────────────────────────────────────────────────────────────────────────────────
-- Answers to merchants, counted per minute. The nil UUID and '' stand for what was not known when a request
-- was refused; views show it as unattributed.
CREATE TABLE bursar.usage_minute (
    tenant_id uuid NOT NULL,
    minute timestamptz NOT NULL,
    client_id text NOT NULL,
    provider text NOT NULL,
    environment text NOT NULL,
    outcome text NOT NULL,
    count bigint NOT NULL CHECK (count > 0),
    PRIMARY KEY (tenant_id, minute, client_id, provider, environment, outcome)
);

GRANT SELECT, INSERT, UPDATE, DELETE ON bursar.token_slot TO bursar_gateway;
GRANT SELECT, INSERT ON bursar.refresh_event TO bursar_gateway;
GRANT SELECT ON bursar.refresh_event_default TO bursar_gateway;
GRANT SELECT, INSERT, UPDATE ON bursar.usage_minute TO bursar_gateway;
