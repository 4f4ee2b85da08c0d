-- compatible-from: 0003
-- Usage that finance can sign: counts delivered once, days in the reporting zone, names of then, closed months.

-- ── Reporting zone ─────────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE bursar.report_zone (
    only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
    zone text NOT NULL
);
INSERT INTO bursar.report_zone (zone) VALUES ('UTC');

CREATE FUNCTION bursar.report_zone() RETURNS text
LANGUAGE sql STABLE AS 'SELECT zone FROM bursar.report_zone';

-- The first instant whose date in the zone is `day`. Midnight may be skipped, or come twice, where clocks change
-- at it; quarters of an hour are the smallest step of any zone's offset.
CREATE FUNCTION bursar.day_start(day date, zone text) RETURNS timestamptz
LANGUAGE sql STABLE AS $body$
    SELECT min(instant)
    FROM generate_series(
        (day::timestamp AT TIME ZONE zone) - interval '3 hours',
        (day::timestamp AT TIME ZONE zone) + interval '3 hours', interval '15 minutes') AS instant
    WHERE (instant AT TIME ZONE zone)::date >= day
$body$;

-- ── Counts ─────────────────────────────────────────────────────────────────────────────────────────────────
-- Partitions are months in UTC, made ahead like those of refresh events. One row is updated up to once a second
-- within its minute: the room that the fill factor leaves keeps those updates off the index.
ALTER TABLE bursar.usage_minute RENAME TO usage_minute_former;
ALTER TABLE bursar.usage_minute_former RENAME CONSTRAINT usage_minute_pkey TO usage_minute_former_pkey;
CREATE TABLE bursar.usage_minute (
    tenant_id uuid NOT NULL,
    minute timestamptz NOT NULL,
    client_id text NOT NULL,
    provider text NOT NULL,
    environment text NOT NULL,
    answered_memory bigint NOT NULL DEFAULT 0,
    answered_store bigint NOT NULL DEFAULT 0,
    answered_provider bigint NOT NULL DEFAULT 0,
    answered_scoped bigint NOT NULL DEFAULT 0,
    limited bigint NOT NULL DEFAULT 0,
    refused bigint NOT NULL DEFAULT 0,
    failed_caller bigint NOT NULL DEFAULT 0,
    failed_credential bigint NOT NULL DEFAULT 0,
    failed_provider bigint NOT NULL DEFAULT 0,
    failed_gateway bigint NOT NULL DEFAULT 0,
    exchanges bigint NOT NULL DEFAULT 0,
    renewals bigint NOT NULL DEFAULT 0,
    refresh_token_renewals bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, minute, client_id, provider, environment)
) PARTITION BY RANGE (minute);
CREATE TABLE bursar.usage_minute_default PARTITION OF bursar.usage_minute DEFAULT;

-- The same by day in the reporting zone: what reports are made of. Kept for ever.
CREATE TABLE bursar.usage_day (
    tenant_id uuid NOT NULL,
    day date NOT NULL,
    client_id text NOT NULL,
    provider text NOT NULL,
    environment text NOT NULL,
    answered_memory bigint NOT NULL DEFAULT 0,
    answered_store bigint NOT NULL DEFAULT 0,
    answered_provider bigint NOT NULL DEFAULT 0,
    answered_scoped bigint NOT NULL DEFAULT 0,
    limited bigint NOT NULL DEFAULT 0,
    refused bigint NOT NULL DEFAULT 0,
    failed_caller bigint NOT NULL DEFAULT 0,
    failed_credential bigint NOT NULL DEFAULT 0,
    failed_provider bigint NOT NULL DEFAULT 0,
    failed_gateway bigint NOT NULL DEFAULT 0,
    exchanges bigint NOT NULL DEFAULT 0,
    renewals bigint NOT NULL DEFAULT 0,
    refresh_token_renewals bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, day, client_id, provider, environment)
) WITH (fillfactor = 80);
CREATE INDEX usage_day_by_day ON bursar.usage_day (day);

-- And by month: what a month's page is made of, a thirtieth of the rows.
CREATE TABLE bursar.usage_month (
    tenant_id uuid NOT NULL,
    -- Its first day.
    month date NOT NULL,
    client_id text NOT NULL,
    provider text NOT NULL,
    environment text NOT NULL,
    answered_memory bigint NOT NULL DEFAULT 0,
    answered_store bigint NOT NULL DEFAULT 0,
    answered_provider bigint NOT NULL DEFAULT 0,
    answered_scoped bigint NOT NULL DEFAULT 0,
    limited bigint NOT NULL DEFAULT 0,
    refused bigint NOT NULL DEFAULT 0,
    failed_caller bigint NOT NULL DEFAULT 0,
    failed_credential bigint NOT NULL DEFAULT 0,
    failed_provider bigint NOT NULL DEFAULT 0,
    failed_gateway bigint NOT NULL DEFAULT 0,
    exchanges bigint NOT NULL DEFAULT 0,
    renewals bigint NOT NULL DEFAULT 0,
    refresh_token_renewals bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, month, client_id, provider, environment)
) WITH (fillfactor = 80);
CREATE INDEX usage_month_by_month ON bursar.usage_month (month);

-- How far each journal has been delivered. A batch is stored together with its journal's new position, or not
-- at all: so nothing counts twice, however often it is sent. Rows stay, for a journal may lie for months.
CREATE TABLE bursar.usage_journal (
    directory_id uuid NOT NULL,
    boot_id uuid NOT NULL,
    last_sequence bigint NOT NULL CHECK (last_sequence > 0),
    last_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (directory_id, boot_id)
);

-- What was delivered, by journal and quarter of an hour of its minutes: adds up to the same as the minutes do,
-- by another way.
CREATE TABLE bursar.usage_batch (
    directory_id uuid NOT NULL,
    boot_id uuid NOT NULL,
    quarter timestamptz NOT NULL,
    batches bigint NOT NULL,
    last_sequence bigint NOT NULL,
    answered_memory bigint NOT NULL DEFAULT 0,
    answered_store bigint NOT NULL DEFAULT 0,
    answered_provider bigint NOT NULL DEFAULT 0,
    answered_scoped bigint NOT NULL DEFAULT 0,
    limited bigint NOT NULL DEFAULT 0,
    refused bigint NOT NULL DEFAULT 0,
    failed_caller bigint NOT NULL DEFAULT 0,
    failed_credential bigint NOT NULL DEFAULT 0,
    failed_provider bigint NOT NULL DEFAULT 0,
    failed_gateway bigint NOT NULL DEFAULT 0,
    exchanges bigint NOT NULL DEFAULT 0,
    renewals bigint NOT NULL DEFAULT 0,
    refresh_token_renewals bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (directory_id, boot_id, quarter)
) WITH (fillfactor = 70);
CREATE INDEX usage_batch_by_quarter ON bursar.usage_batch (quarter);

-- ── Names of then ──────────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE bursar.tenant_name (
    tenant_id uuid NOT NULL,
    since timestamptz NOT NULL,
    name text NOT NULL,
    PRIMARY KEY (tenant_id, since)
);
INSERT INTO bursar.tenant_name (tenant_id, since, name)
    SELECT tenant_id, '-infinity', name FROM bursar.tenant;

CREATE FUNCTION bursar.keep_tenant_name() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
BEGIN
    INSERT INTO bursar.tenant_name (tenant_id, since, name)
    SELECT NEW.tenant_id,
        CASE WHEN EXISTS (SELECT FROM bursar.tenant_name WHERE tenant_id = NEW.tenant_id)
            THEN clock_timestamp() ELSE '-infinity' END,
        NEW.name
    ON CONFLICT (tenant_id, since) DO UPDATE SET name = excluded.name;
    RETURN NULL;
END
$body$;
CREATE TRIGGER keep_name AFTER INSERT OR UPDATE OF name ON bursar.tenant
    FOR EACH ROW EXECUTE FUNCTION bursar.keep_tenant_name();

-- ── Closed months ──────────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE bursar.period (
    period text PRIMARY KEY CHECK (period ~ '^[0-9]{4}-[0-9]{2}$'),
    zone text NOT NULL,
    first_day date NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL,
    closed_at timestamptz NOT NULL,
    closed_by text NOT NULL,
    row_count bigint NOT NULL,
    manifest text NOT NULL,
    manifest_sha256 text NOT NULL,
    csv_sha256 text NOT NULL,
    previous_sha256 text
);

CREATE TABLE bursar.usage_snapshot (
    period text NOT NULL,
    line bigint NOT NULL,
    day date NOT NULL,
    tenant_id uuid NOT NULL,
    tenant_name text NOT NULL,
    client_id text NOT NULL,
    provider text NOT NULL,
    environment text NOT NULL,
    correction_of text,
    reason text,
    answered_memory bigint NOT NULL DEFAULT 0,
    answered_store bigint NOT NULL DEFAULT 0,
    answered_provider bigint NOT NULL DEFAULT 0,
    answered_scoped bigint NOT NULL DEFAULT 0,
    limited bigint NOT NULL DEFAULT 0,
    refused bigint NOT NULL DEFAULT 0,
    failed_caller bigint NOT NULL DEFAULT 0,
    failed_credential bigint NOT NULL DEFAULT 0,
    failed_provider bigint NOT NULL DEFAULT 0,
    failed_gateway bigint NOT NULL DEFAULT 0,
    exchanges bigint NOT NULL DEFAULT 0,
    renewals bigint NOT NULL DEFAULT 0,
    refresh_token_renewals bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (period, line)
);

CREATE INDEX usage_snapshot_by_day ON bursar.usage_snapshot (day);

-- What came too late for its closed month, or was stated by a person: booked on the day that it came.
CREATE TABLE bursar.usage_correction (
    tenant_id uuid NOT NULL,
    correction_id bigint GENERATED ALWAYS AS IDENTITY,
    day date NOT NULL,
    corrects text NOT NULL REFERENCES bursar.period,
    kind text NOT NULL CHECK (kind IN ('late', 'stated')),
    reason text NOT NULL,
    client_id text NOT NULL,
    provider text NOT NULL,
    environment text NOT NULL,
    made_at timestamptz NOT NULL DEFAULT now(),
    made_by text NOT NULL,
    answered_memory bigint NOT NULL DEFAULT 0,
    answered_store bigint NOT NULL DEFAULT 0,
    answered_provider bigint NOT NULL DEFAULT 0,
    answered_scoped bigint NOT NULL DEFAULT 0,
    limited bigint NOT NULL DEFAULT 0,
    refused bigint NOT NULL DEFAULT 0,
    failed_caller bigint NOT NULL DEFAULT 0,
    failed_credential bigint NOT NULL DEFAULT 0,
    failed_provider bigint NOT NULL DEFAULT 0,
    failed_gateway bigint NOT NULL DEFAULT 0,
    exchanges bigint NOT NULL DEFAULT 0,
    renewals bigint NOT NULL DEFAULT 0,
    refresh_token_renewals bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (tenant_id, correction_id)
);
CREATE INDEX usage_correction_by_day ON bursar.usage_correction (day);
CREATE INDEX usage_correction_by_period ON bursar.usage_correction (corrects);

CREATE FUNCTION bursar.refuse_change() RETURNS trigger
LANGUAGE plpgsql AS $body$
BEGIN
    RAISE EXCEPTION '%.% is final: its rows are never changed or deleted', TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'object_not_in_prerequisite_state';
END
$body$;
CREATE TRIGGER final BEFORE UPDATE OR DELETE OR TRUNCATE ON bursar.period
    FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse_change();
CREATE TRIGGER final BEFORE UPDATE OR DELETE OR TRUNCATE ON bursar.usage_snapshot
    FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse_change();
CREATE TRIGGER final BEFORE UPDATE OR DELETE OR TRUNCATE ON bursar.usage_correction
    FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse_change();

-- Days and months of a closed month are as final as its snapshot: pages are made of them.
CREATE FUNCTION bursar.refuse_closed() RETURNS trigger
LANGUAGE plpgsql AS $body$
DECLARE
    former date;
    latter date;
BEGIN
    IF TG_TABLE_NAME = 'usage_day' THEN
        former := date_trunc('month', OLD.day);
        latter := date_trunc('month', NEW.day);
    ELSE
        former := OLD.month;
        latter := NEW.month;
    END IF;
    IF EXISTS (SELECT FROM bursar.period WHERE first_day IN (former, latter)) THEN
        RAISE EXCEPTION '%.%: rows of a closed month are final', TG_TABLE_SCHEMA, TG_TABLE_NAME
            USING ERRCODE = 'object_not_in_prerequisite_state';
    END IF;
    RETURN coalesce(NEW, OLD);
END
$body$;
CREATE TRIGGER final BEFORE INSERT OR UPDATE OR DELETE ON bursar.usage_day
    FOR EACH ROW EXECUTE FUNCTION bursar.refuse_closed();
CREATE TRIGGER final BEFORE INSERT OR UPDATE OR DELETE ON bursar.usage_month
    FOR EACH ROW EXECUTE FUNCTION bursar.refuse_closed();
CREATE TRIGGER whole BEFORE TRUNCATE ON bursar.usage_day
    FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse_change();
CREATE TRIGGER whole BEFORE TRUNCATE ON bursar.usage_month
    FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse_change();

-- ── Requests to providers, rolled up ───────────────────────────────────────────────────────────────────────
ALTER TABLE bursar.refresh_event ADD COLUMN fault text;
CREATE INDEX refresh_event_by_credential ON bursar.refresh_event (owner_id, credential_id, at);
CREATE INDEX refresh_event_failed ON bursar.refresh_event (at) WHERE fault IS NOT NULL;

-- Latencies in fixed buckets, four to a doubling from 1 ms: their counts add up over any time and any replicas,
-- so percentiles come from merged buckets. Bucket 70 takes everything above two minutes and a half.
CREATE FUNCTION bursar.latency_bucket(latency_us bigint) RETURNS smallint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
    'SELECT least(70, greatest(0, ceil(4 * log(2, greatest(latency_us, 1) / 1000.0))))::smallint';
CREATE FUNCTION bursar.latency_bound_us(bucket bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS 'SELECT round(1000 * power(2.0, bucket / 4.0))::bigint';

-- Added to when a batch is stored, which happens once.
CREATE TABLE bursar.refresh_hour (
    hour timestamptz NOT NULL,
    provider text NOT NULL,
    environment text NOT NULL,
    step text NOT NULL,
    outcome text NOT NULL,
    bucket smallint NOT NULL,
    count bigint NOT NULL,
    max_us bigint NOT NULL,
    PRIMARY KEY (hour, provider, environment, step, outcome, bucket)
);
CREATE TABLE bursar.refresh_day (
    tenant_id uuid NOT NULL,
    day date NOT NULL,
    provider text NOT NULL,
    environment text NOT NULL,
    step text NOT NULL,
    outcome text NOT NULL,
    bucket smallint NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (tenant_id, day, provider, environment, step, outcome, bucket)
);
CREATE INDEX refresh_day_by_day ON bursar.refresh_day (day);
-- The same over all tenants: what a month's page reads, however many tenants there are.
CREATE TABLE bursar.refresh_provider_day (
    day date NOT NULL,
    provider text NOT NULL,
    environment text NOT NULL,
    outcome text NOT NULL,
    bucket smallint NOT NULL,
    count bigint NOT NULL,
    PRIMARY KEY (day, provider, environment, outcome, bucket)
);
INSERT INTO bursar.refresh_hour
    SELECT date_trunc('hour', at, 'UTC'), provider, environment, step, outcome,
        bursar.latency_bucket(latency_us), count(*), max(latency_us)
    FROM bursar.refresh_event GROUP BY 1, 2, 3, 4, 5, 6;
INSERT INTO bursar.refresh_day
    SELECT coalesce(tenant_id, '00000000-0000-0000-0000-000000000000'), (at AT TIME ZONE 'UTC')::date, provider,
        environment, step, outcome, bursar.latency_bucket(latency_us), count(*)
    FROM bursar.refresh_event GROUP BY 1, 2, 3, 4, 5, 6, 7;
INSERT INTO bursar.refresh_provider_day
    SELECT day, provider, environment, outcome, bucket, sum(count)::bigint
    FROM bursar.refresh_day GROUP BY 1, 2, 3, 4, 5;

-- Downtime depends on what came before and after a failure, so it is made anew for the hours in which something
-- happened.
CREATE TABLE bursar.downtime_dirty (
    hour timestamptz NOT NULL,
    directory_id uuid NOT NULL,
    boot_id uuid NOT NULL,
    sequence bigint NOT NULL,
    PRIMARY KEY (hour, directory_id, boot_id, sequence)
);
CREATE TABLE bursar.downtime_hour (
    tenant_id uuid NOT NULL,
    hour timestamptz NOT NULL,
    day date NOT NULL,
    provider text NOT NULL,
    environment text NOT NULL,
    fault text NOT NULL,
    milliseconds bigint NOT NULL CHECK (milliseconds > 0),
    PRIMARY KEY (tenant_id, hour, day, provider, environment, fault)
);
CREATE INDEX downtime_hour_by_hour ON bursar.downtime_hour (hour);
CREATE INDEX downtime_hour_by_day ON bursar.downtime_hour (day);
CREATE VIEW bursar.downtime_day AS
    SELECT tenant_id, day, provider, environment, fault, ceil(sum(milliseconds) / 1000)::bigint AS seconds
    FROM bursar.downtime_hour GROUP BY 1, 2, 3, 4, 5;

-- ── Partitions ─────────────────────────────────────────────────────────────────────────────────────────────
DROP FUNCTION bursar.ensure_partitions(date);
-- Makes the month that `day` lies in, and the one after it, of both tables. Runs as its owner: the gateway may
-- not create tables by itself. Concurrent callers are put in line by the lock.
CREATE FUNCTION bursar.ensure_partitions(day date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
DECLARE
    parent text;
    first date;
    name text;
    options text;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('bursar.ensure_partitions'));
    FOREACH parent IN ARRAY ARRAY['refresh_event', 'usage_minute'] LOOP
        options := CASE parent WHEN 'usage_minute' THEN ' WITH (fillfactor = 70)' ELSE '' END;
        FOR ahead IN 0..1 LOOP
            first := (date_trunc('month', day) + make_interval(months => ahead))::date;
            name := parent || '_' || to_char(first, 'YYYY_MM');
            CONTINUE WHEN to_regclass('bursar.' || name) IS NOT NULL;
            EXECUTE format(
                'CREATE TABLE bursar.%I PARTITION OF bursar.%I FOR VALUES FROM (%L) TO (%L)' || options,
                name, parent, first::text || ' 00:00:00+00',
                (first + interval '1 month')::date::text || ' 00:00:00+00');
        END LOOP;
    END LOOP;
END
$body$;

-- Drops the months of which nothing is kept any more: minutes after 14 months, events after 3. Only what
-- ensure_partitions has made, never the default.
CREATE FUNCTION bursar.drop_old_partitions(today date) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $body$
DECLARE
    old record;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('bursar.ensure_partitions'));
    FOR old IN
        SELECT child.relname AS name
        FROM pg_inherits
        JOIN pg_class child ON child.oid = inhrelid
        JOIN pg_class parent ON parent.oid = inhparent
        WHERE parent.oid IN ('bursar.refresh_event'::regclass, 'bursar.usage_minute'::regclass)
            AND child.relname ~ '^(refresh_event|usage_minute)_[0-9]{4}_[0-9]{2}$'
            AND to_date(right(child.relname, 7), 'YYYY_MM') < date_trunc('month', today) - make_interval(
                months => CASE parent.relname WHEN 'usage_minute' THEN 14 ELSE 3 END)
    LOOP
        EXECUTE format('DROP TABLE bursar.%I', old.name);
    END LOOP;
END
$body$;
REVOKE ALL ON FUNCTION bursar.ensure_partitions, bursar.drop_old_partitions FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bursar.ensure_partitions, bursar.drop_old_partitions TO bursar_gateway;

-- ── What was counted so far ────────────────────────────────────────────────────────────────────────────────
SELECT bursar.ensure_partitions(month) FROM (
    SELECT DISTINCT date_trunc('month', minute AT TIME ZONE 'UTC')::date AS month
    FROM bursar.usage_minute_former
    UNION SELECT (now() AT TIME ZONE 'UTC')::date) AS months;
INSERT INTO bursar.usage_minute
    (tenant_id, minute, client_id, provider, environment,
        answered_memory, answered_store, answered_provider, answered_scoped, limited, refused,
        failed_caller, failed_credential, failed_provider, failed_gateway)
SELECT tenant_id, minute, client_id, provider, environment,
    coalesce(sum(count) FILTER (WHERE outcome = 'answered_memory'), 0)::bigint,
    coalesce(sum(count) FILTER (WHERE outcome = 'answered_store'), 0)::bigint,
    coalesce(sum(count) FILTER (WHERE outcome = 'answered_provider'), 0)::bigint,
    coalesce(sum(count) FILTER (WHERE outcome = 'answered_scoped'), 0)::bigint,
    coalesce(sum(count) FILTER (WHERE outcome = 'limited'), 0)::bigint,
    coalesce(sum(count) FILTER (WHERE outcome = 'refused'), 0)::bigint,
    coalesce(sum(count) FILTER (WHERE outcome = 'failed_caller'), 0)::bigint,
    coalesce(sum(count) FILTER (WHERE outcome = 'failed_credential'), 0)::bigint,
    coalesce(sum(count) FILTER (WHERE outcome = 'failed_provider'), 0)::bigint,
    coalesce(sum(count) FILTER (WHERE outcome = 'failed_gateway'), 0)::bigint
FROM bursar.usage_minute_former
GROUP BY 1, 2, 3, 4, 5;
DROP TABLE bursar.usage_minute_former CASCADE;
INSERT INTO bursar.usage_day
SELECT tenant_id, (minute AT TIME ZONE 'UTC')::date, client_id, provider, environment,
    sum(answered_memory), sum(answered_store), sum(answered_provider), sum(answered_scoped), sum(limited),
    sum(refused), sum(failed_caller), sum(failed_credential), sum(failed_provider), sum(failed_gateway),
    sum(exchanges), sum(renewals), sum(refresh_token_renewals)
FROM bursar.usage_minute
GROUP BY 1, 2, 3, 4, 5;
INSERT INTO bursar.usage_month
SELECT tenant_id, date_trunc('month', day)::date, client_id, provider, environment,
    sum(answered_memory), sum(answered_store), sum(answered_provider), sum(answered_scoped), sum(limited),
    sum(refused), sum(failed_caller), sum(failed_credential), sum(failed_provider), sum(failed_gateway),
    sum(exchanges), sum(renewals), sum(refresh_token_renewals)
FROM bursar.usage_day
GROUP BY 1, 2, 3, 4, 5;
INSERT INTO bursar.usage_batch
SELECT '00000000-0000-0000-0000-000000000000', '00000000-0000-0000-0000-000000000000',
    date_bin('15 minutes', minute, '2000-01-01 00:00:00+00'), 1, 1,
    sum(answered_memory), sum(answered_store), sum(answered_provider), sum(answered_scoped), sum(limited),
    sum(refused), sum(failed_caller), sum(failed_credential), sum(failed_provider), sum(failed_gateway),
    sum(exchanges), sum(renewals), sum(refresh_token_renewals)
FROM bursar.usage_minute
GROUP BY 3;

GRANT SELECT, INSERT, UPDATE ON bursar.usage_minute, bursar.usage_day, bursar.usage_month, bursar.usage_journal,
    bursar.usage_batch, bursar.report_zone TO bursar_gateway;
GRANT DELETE ON bursar.usage_day, bursar.usage_month TO bursar_gateway;
GRANT SELECT ON bursar.usage_minute_default, bursar.tenant_name TO bursar_gateway;
GRANT SELECT, INSERT ON bursar.period, bursar.usage_snapshot, bursar.usage_correction TO bursar_gateway;
GRANT SELECT, INSERT, UPDATE, DELETE ON bursar.refresh_hour, bursar.refresh_day,
    bursar.refresh_provider_day, bursar.downtime_dirty, bursar.downtime_hour TO bursar_gateway;
GRANT SELECT ON bursar.downtime_day TO bursar_gateway;
