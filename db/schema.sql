-- Made by the tests from the migrations; see db/README.md.
--
-- PostgreSQL database dump
--



SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: bursar; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA bursar;


--
-- Name: finance; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA finance;


--
-- Name: ops; Type: SCHEMA; Schema: -; Owner: -
--

CREATE SCHEMA ops;


--
-- Name: day_start(date, text); Type: FUNCTION; Schema: bursar; Owner: -
--

CREATE FUNCTION bursar.day_start(day date, zone text) RETURNS timestamp with time zone
    LANGUAGE sql STABLE
    AS $$
    SELECT min(instant)
    FROM generate_series(
        (day::timestamp AT TIME ZONE zone) - interval '3 hours',
        (day::timestamp AT TIME ZONE zone) + interval '3 hours', interval '15 minutes') AS instant
    WHERE (instant AT TIME ZONE zone)::date >= day
$$;


--
-- Name: drop_old_partitions(date); Type: FUNCTION; Schema: bursar; Owner: -
--

CREATE FUNCTION bursar.drop_old_partitions(today date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $_$
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
$_$;


--
-- Name: ensure_partitions(date); Type: FUNCTION; Schema: bursar; Owner: -
--

CREATE FUNCTION bursar.ensure_partitions(day date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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
$$;


--
-- Name: exchange_quota(uuid, bigint, uuid[], bigint[], bigint[]); Type: FUNCTION; Schema: bursar; Owner: -
--

CREATE FUNCTION bursar.exchange_quota(replica uuid, this_exchange bigint, tenants uuid[], asks bigint[], offers bigint[]) RETURNS TABLE(tenant uuid, taken bigint, remaining bigint)
    LANGUAGE plpgsql
    AS $$
DECLARE
    moment timestamptz;
BEGIN
    IF cardinality(tenants) > 0 THEN
        PERFORM pg_advisory_xact_lock(hashtext('bursar.exchange_quota'));
        moment := clock_timestamp();
        -- Late exchanges are over by then: no statement lives for a minute.
        DELETE FROM bursar.quota WHERE exchanged_at < moment - interval '1 minute';
        RETURN QUERY
        WITH step AS (
            SELECT * FROM unnest(tenants, asks, offers) AS step (tenant_id, ask, offer)
        ), mine AS (
            INSERT INTO bursar.quota AS former
            SELECT step.tenant_id, replica, this_exchange, step.offer,
                CASE WHEN step.offer > 0 THEN moment + interval '2 seconds' ELSE '-infinity' END,
                CASE WHEN step.ask > 0 THEN moment + interval '1 second' ELSE '-infinity' END, moment
            FROM step
            ON CONFLICT (tenant_id, replica_id) DO UPDATE SET
                exchange = excluded.exchange,
                offered = excluded.offered
                    + CASE WHEN former.offered_until > moment THEN former.offered ELSE 0 END,
                offered_until = greatest(former.offered_until, excluded.offered_until),
                wanted_until = excluded.wanted_until, exchanged_at = moment
            WHERE former.exchange < excluded.exchange
            RETURNING former.tenant_id, former.offered
        ), lent AS (
            SELECT quota.tenant_id, quota.replica_id, quota.offered, step.ask,
                sum(quota.offered) OVER (
                    PARTITION BY quota.tenant_id ORDER BY quota.offered_until, quota.replica_id
                ) - quota.offered AS earlier
            FROM bursar.quota JOIN step USING (tenant_id) JOIN mine USING (tenant_id)
            WHERE step.ask > 0 AND quota.replica_id <> replica
                AND quota.offered > 0 AND quota.offered_until > moment
        ), borrowed AS (
            UPDATE bursar.quota
            SET offered = quota.offered - least(lent.offered, lent.ask - lent.earlier)::bigint
            FROM lent
            WHERE quota.tenant_id = lent.tenant_id AND quota.replica_id = lent.replica_id
                AND lent.earlier < lent.ask
            RETURNING quota.tenant_id, least(lent.offered, lent.ask - lent.earlier)::bigint AS amount
        )
        SELECT mine.tenant_id, coalesce(sum(borrowed.amount), 0)::bigint, mine.offered
        FROM mine LEFT JOIN borrowed USING (tenant_id)
        GROUP BY mine.tenant_id, mine.offered;
    END IF;
    -- When they are very many, others each time: whoever is left out now has its turn soon.
    RETURN QUERY
    SELECT wanting.tenant_id, NULL::bigint, NULL::bigint
    FROM (
        SELECT DISTINCT quota.tenant_id FROM bursar.quota
        WHERE quota.wanted_until > clock_timestamp() AND quota.replica_id <> replica
    ) AS wanting
    ORDER BY random() LIMIT 1000;
END
$$;


--
-- Name: heartbeat(uuid, uuid, text, text, text[], bigint, bigint, integer); Type: FUNCTION; Schema: bursar; Owner: -
--

CREATE FUNCTION bursar.heartbeat(its_id uuid, its_place uuid, its_name text, its_program text, its_keys text[], its_beat bigint, its_version bigint, its_share integer, OUT version bigint, OUT members integer, OUT live integer, OUT share integer, OUT clock timestamp with time zone) RETURNS record
    LANGUAGE plpgsql
    AS $$
DECLARE
    kept CONSTANT interval := '60 seconds';
    others integer;
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('bursar.replica'));
    clock := clock_timestamp();
    -- After a time in which nobody could reach this database, silence says nothing of anyone.
    UPDATE bursar.replica SET kept_until = clock + kept
    WHERE NOT EXISTS (SELECT FROM bursar.replica WHERE heartbeat_at > clock - interval '10 seconds');
    DELETE FROM bursar.replica
    WHERE replica_id <> its_id AND (kept_until < clock OR place = its_place);
    SELECT count(*) + 1, count(*) FILTER (WHERE heartbeat_at > clock - interval '10 seconds') + 1,
        coalesce(sum(share_millionths), 0)
    INTO members, live, others
    FROM bursar.replica WHERE replica_id <> its_id;
    share := greatest(its_share, least(1000000 / members, 1000000 - others));
    INSERT INTO bursar.replica AS known
        (replica_id, place, name, program, key_ids, started_at, heartbeat_at, kept_until, beat,
         applied_version, share_millionths)
    VALUES (its_id, its_place, its_name, its_program, its_keys, clock, clock, clock + kept, its_beat,
        its_version, share)
    ON CONFLICT (replica_id) DO UPDATE SET
        key_ids = excluded.key_ids, heartbeat_at = excluded.heartbeat_at, kept_until = excluded.kept_until,
        beat = excluded.beat, applied_version = excluded.applied_version,
        share_millionths = excluded.share_millionths
    -- One that was held up on its way must not undo a later one.
    WHERE known.beat < excluded.beat;
    SELECT config_version.version INTO version FROM bursar.config_version;
END
$$;


--
-- Name: keep_tenant_name(); Type: FUNCTION; Schema: bursar; Owner: -
--

CREATE FUNCTION bursar.keep_tenant_name() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
BEGIN
    INSERT INTO bursar.tenant_name (tenant_id, since, name)
    SELECT NEW.tenant_id,
        CASE WHEN EXISTS (SELECT FROM bursar.tenant_name WHERE tenant_id = NEW.tenant_id)
            THEN clock_timestamp() ELSE '-infinity' END,
        NEW.name
    ON CONFLICT (tenant_id, since) DO UPDATE SET name = excluded.name;
    RETURN NULL;
END
$$;


--
-- Name: latency_bound_us(bigint); Type: FUNCTION; Schema: bursar; Owner: -
--

CREATE FUNCTION bursar.latency_bound_us(bucket bigint) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$SELECT round(1000 * power(2.0, bucket / 4.0))::bigint$$;


--
-- Name: latency_bucket(bigint); Type: FUNCTION; Schema: bursar; Owner: -
--

CREATE FUNCTION bursar.latency_bucket(latency_us bigint) RETURNS smallint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$SELECT least(70, greatest(0, ceil(4 * log(2, greatest(latency_us, 1) / 1000.0))))::smallint$$;


--
-- Name: refuse_change(); Type: FUNCTION; Schema: bursar; Owner: -
--

CREATE FUNCTION bursar.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    RAISE EXCEPTION '%.% is final: its rows are never changed or deleted', TG_TABLE_SCHEMA, TG_TABLE_NAME
        USING ERRCODE = 'object_not_in_prerequisite_state';
END
$$;


--
-- Name: refuse_closed(); Type: FUNCTION; Schema: bursar; Owner: -
--

CREATE FUNCTION bursar.refuse_closed() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
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
$$;


--
-- Name: report_zone(); Type: FUNCTION; Schema: bursar; Owner: -
--

CREATE FUNCTION bursar.report_zone() RETURNS text
    LANGUAGE sql STABLE
    AS $$SELECT zone FROM bursar.report_zone$$;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: audit_anchor; Type: TABLE; Schema: bursar; Owner: -
--

CREATE TABLE bursar.audit_anchor (
    tenant_id uuid NOT NULL,
    period text NOT NULL,
    seq bigint NOT NULL,
    mac bytea NOT NULL,
    CONSTRAINT audit_anchor_mac_check CHECK ((length(mac) = 32)),
    CONSTRAINT audit_anchor_seq_check CHECK ((seq > 0))
);


--
-- Name: audit_event; Type: TABLE; Schema: bursar; Owner: -
--

CREATE TABLE bursar.audit_event (
    tenant_id uuid NOT NULL,
    event_id uuid NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    detail jsonb DEFAULT '{}'::jsonb NOT NULL,
    seq bigint,
    previous bytea,
    mac bytea,
    CONSTRAINT audit_event_mac_check CHECK ((length(mac) = 32)),
    CONSTRAINT audit_event_previous_check CHECK ((length(previous) = 32)),
    CONSTRAINT audit_event_seq_check CHECK ((seq > 0))
);


--
-- Name: audit_head; Type: TABLE; Schema: bursar; Owner: -
--

CREATE TABLE bursar.audit_head (
    tenant_id uuid NOT NULL,
    seq bigint NOT NULL,
    mac bytea NOT NULL,
    CONSTRAINT audit_head_mac_check CHECK ((length(mac) = 32)),
    CONSTRAINT audit_head_seq_check CHECK ((seq >= 0))
)
WITH (fillfactor='50');


--
-- Name: audit_key; Type: TABLE; Schema: bursar; Owner: -
--

CREATE TABLE bursar.audit_key (
    version integer NOT NULL,
    kek_id text NOT NULL,
    wrapped bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT audit_key_version_check CHECK ((version = 1))
);


--
-- Name: audit_verification; Type: TABLE; Schema: bursar; Owner: -
--

CREATE TABLE bursar.audit_verification (
    only_row boolean DEFAULT true NOT NULL,
    verified_at timestamp with time zone NOT NULL,
    findings bigint NOT NULL,
    CONSTRAINT audit_verification_findings_check CHECK ((findings >= 0)),
    CONSTRAINT audit_verification_only_row_check CHECK (only_row)
);


--
-- Name: client; Type: TABLE; Schema: bursar; Owner: -
--

CREATE TABLE bursar.client (
    client_id text NOT NULL,
    secret_hash bytea NOT NULL,
    pepper_version integer NOT NULL,
    provider text,
    environment text,
    expires_at timestamp with time zone,
    revoked_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT client_client_id_check CHECK ((client_id ~ '^brc_[A-Za-z0-9]{20}$'::text)),
    CONSTRAINT client_environment_check CHECK ((environment = ANY (ARRAY['sandbox'::text, 'production'::text]))),
    CONSTRAINT client_secret_hash_check CHECK ((length(secret_hash) = 32))
);


--
-- Name: client_tenant; Type: TABLE; Schema: bursar; Owner: -
--

CREATE TABLE bursar.client_tenant (
    tenant_id uuid NOT NULL,
    client_id text NOT NULL
);


--
-- Name: config_change; Type: TABLE; Schema: bursar; Owner: -
--

CREATE TABLE bursar.config_change (
    version bigint NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT config_change_kind_check CHECK ((kind = ANY (ARRAY['tenant'::text, 'client'::text, 'credential'::text, 'keys'::text])))
);


--
-- Name: config_version; Type: TABLE; Schema: bursar; Owner: -
--

CREATE TABLE bursar.config_version (
    singleton boolean DEFAULT true NOT NULL,
    version bigint NOT NULL,
    CONSTRAINT config_version_singleton_check CHECK (singleton)
);


--
-- Name: connection; Type: TABLE; Schema: bursar; Owner: -
--

CREATE TABLE bursar.connection (
    tenant_id uuid NOT NULL,
    provider text NOT NULL,
    environment text NOT NULL,
    credential_id uuid NOT NULL,
    origins text[] DEFAULT '{}'::text[] NOT NULL,
    keep_warm boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    former_credential_id uuid,
    next_credential_id uuid,
    CONSTRAINT connection_environment_check CHECK ((environment = ANY (ARRAY['sandbox'::text, 'production'::text]))),
    CONSTRAINT connection_rotation_check CHECK (((former_credential_id <> credential_id) AND (next_credential_id <> credential_id)))
);


--
-- Name: credential; Type: TABLE; Schema: bursar; Owner: -
--

CREATE TABLE bursar.credential (
    owner_id uuid NOT NULL,
    credential_id uuid NOT NULL,
    provider text NOT NULL,
    environment text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    provider_client_id text,
    secret_sealed bytea,
    secret_key_version integer,
    secret_ref text,
    state text NOT NULL,
    is_platform boolean DEFAULT false NOT NULL,
    shares_token boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    overlap_seconds integer DEFAULT 86400 NOT NULL,
    retires_at timestamp with time zone,
    CONSTRAINT credential_check CHECK (((secret_sealed IS NULL) = (secret_key_version IS NULL))),
    CONSTRAINT credential_check1 CHECK (((secret_sealed IS NULL) OR (secret_ref IS NULL))),
    CONSTRAINT credential_check2 CHECK (((state = 'pending'::text) OR ((provider_client_id IS NOT NULL) AND ((secret_sealed IS NOT NULL) OR (secret_ref IS NOT NULL))))),
    CONSTRAINT credential_environment_check CHECK ((environment = ANY (ARRAY['sandbox'::text, 'production'::text]))),
    CONSTRAINT credential_overlap_seconds_check CHECK (((overlap_seconds >= 0) AND (overlap_seconds <= 31536000))),
    CONSTRAINT credential_retires_check CHECK (((retires_at IS NOT NULL) = (state = 'retiring'::text))),
    CONSTRAINT credential_secret_ref_check CHECK ((secret_ref ~ '^(file|env):.+$'::text)),
    CONSTRAINT credential_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'active'::text, 'retiring'::text, 'rejected'::text]))),
    CONSTRAINT credential_version_check CHECK ((version > 0))
);


--
-- Name: data_key; Type: TABLE; Schema: bursar; Owner: -
--

CREATE TABLE bursar.data_key (
    owner_id uuid NOT NULL,
    version integer NOT NULL,
    kek_id text NOT NULL,
    wrapped bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT data_key_version_check CHECK ((version > 0))
);


--
-- Name: downtime_hour; Type: TABLE; Schema: bursar; Owner: -
--

CREATE TABLE bursar.downtime_hour (
    tenant_id uuid NOT NULL,
    hour timestamp with time zone NOT NULL,
    day date NOT NULL,
    provider text NOT NULL,
    environment text NOT NULL,
    fault text NOT NULL,
    milliseconds bigint NOT NULL,
    CONSTRAINT downtime_hour_milliseconds_check CHECK ((milliseconds > 0))
);


--
-- Name: downtime_day; Type: VIEW; Schema: bursar; Owner: -
--

CREATE VIEW bursar.downtime_day AS
 SELECT downtime_hour.tenant_id,
    downtime_hour.day,
    downtime_hour.provider,
    downtime_hour.environment,
    downtime_hour.fault,
    (ceil((sum(downtime_hour.milliseconds) / (1000)::numeric)))::bigint AS seconds
   FROM bursar.downtime_hour
  GROUP BY downtime_hour.tenant_id, downtime_hour.day, downtime_hour.provider, downtime_hour.environment, downtime_hour.fault;


--
-- Name: downtime_dirty; Type: TABLE; Schema: bursar; Owner: -
--

CREATE TABLE bursar.downtime_dirty (
    hour timestamp with time zone NOT NULL,
    directory_id uuid NOT NULL,
    boot_id uuid NOT NULL,
    sequence bigint NOT NULL
);


--
-- Name: key_policy; Type: TABLE; Schema: bursar; Owner: -
--

CREATE TABLE bursar.key_policy (
    only_row boolean DEFAULT true NOT NULL,
    sealing_kek text,
    retired_keks text[] DEFAULT '{}'::text[] NOT NULL,
    CONSTRAINT key_policy_check CHECK ((sealing_kek <> ALL (retired_keks))),
    CONSTRAINT key_policy_only_row_check CHECK (only_row)
);


--
-- Name: period; Type: TABLE; Schema: bursar; Owner: -
--

CREATE TABLE bursar.period (
    period text NOT NULL,
    zone text NOT NULL,
    first_day date NOT NULL,
    starts_at timestamp with time zone NOT NULL,
    ends_at timestamp with time zone NOT NULL,
    closed_at timestamp with time zone NOT NULL,
    closed_by text NOT NULL,
    row_count bigint NOT NULL,
    manifest text NOT NULL,
    manifest_sha256 text NOT NULL,
    csv_sha256 text NOT NULL,
    previous_sha256 text,
    CONSTRAINT period_period_check CHECK ((period ~ '^[0-9]{4}-[0-9]{2}$'::text))
);


--
-- Name: report_zone; Type: TABLE; Schema: bursar; Owner: -
--

CREATE TABLE bursar.report_zone (
    only_row boolean DEFAULT true NOT NULL,
    zone text NOT NULL,
    CONSTRAINT report_zone_only_row_check CHECK (only_row)
);


--
-- Name: tenant_name; Type: TABLE; Schema: bursar; Owner: -
--

CREATE TABLE bursar.tenant_name (
    tenant_id uuid NOT NULL,
    since timestamp with time zone NOT NULL,
    name text NOT NULL
);


--
-- Name: usage_correction; Type: TABLE; Schema: bursar; Owner: -
--

CREATE TABLE bursar.usage_correction (
    tenant_id uuid NOT NULL,
    correction_id bigint NOT NULL,
    day date NOT NULL,
    corrects text NOT NULL,
    kind text NOT NULL,
    reason text NOT NULL,
    client_id text NOT NULL,
    provider text NOT NULL,
    environment text NOT NULL,
    made_at timestamp with time zone DEFAULT now() NOT NULL,
    made_by text NOT NULL,
    answered_memory bigint DEFAULT 0 NOT NULL,
    answered_store bigint DEFAULT 0 NOT NULL,
    answered_provider bigint DEFAULT 0 NOT NULL,
    answered_scoped bigint DEFAULT 0 NOT NULL,
    limited bigint DEFAULT 0 NOT NULL,
    refused bigint DEFAULT 0 NOT NULL,
    failed_caller bigint DEFAULT 0 NOT NULL,
    failed_credential bigint DEFAULT 0 NOT NULL,
    failed_provider bigint DEFAULT 0 NOT NULL,
    failed_gateway bigint DEFAULT 0 NOT NULL,
    exchanges bigint DEFAULT 0 NOT NULL,
    renewals bigint DEFAULT 0 NOT NULL,
    refresh_token_renewals bigint DEFAULT 0 NOT NULL,
    CONSTRAINT usage_correction_kind_check CHECK ((kind = ANY (ARRAY['late'::text, 'stated'::text])))
);


--
-- Name: usage_day; Type: TABLE; Schema: bursar; Owner: -
--

CREATE TABLE bursar.usage_day (
    tenant_id uuid NOT NULL,
    day date NOT NULL,
    client_id text NOT NULL,
    provider text NOT NULL,
    environment text NOT NULL,
    answered_memory bigint DEFAULT 0 NOT NULL,
    answered_store bigint DEFAULT 0 NOT NULL,
    answered_provider bigint DEFAULT 0 NOT NULL,
    answered_scoped bigint DEFAULT 0 NOT NULL,
    limited bigint DEFAULT 0 NOT NULL,
    refused bigint DEFAULT 0 NOT NULL,
    failed_caller bigint DEFAULT 0 NOT NULL,
    failed_credential bigint DEFAULT 0 NOT NULL,
    failed_provider bigint DEFAULT 0 NOT NULL,
    failed_gateway bigint DEFAULT 0 NOT NULL,
    exchanges bigint DEFAULT 0 NOT NULL,
    renewals bigint DEFAULT 0 NOT NULL,
    refresh_token_renewals bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='80');


--
-- Name: open_row; Type: VIEW; Schema: bursar; Owner: -
--

CREATE VIEW bursar.open_row AS
 SELECT usage_day.day,
    usage_day.tenant_id,
    COALESCE(( SELECT tenant_name.name
           FROM bursar.tenant_name
          WHERE ((tenant_name.tenant_id = usage_day.tenant_id) AND (tenant_name.since < (((usage_day.day + 1))::timestamp without time zone AT TIME ZONE ( SELECT report_zone.zone
                   FROM bursar.report_zone))))
          ORDER BY tenant_name.since DESC
         LIMIT 1), 'unattributed'::text) AS tenant_name,
    usage_day.client_id,
    usage_day.provider,
    usage_day.environment,
    NULL::text AS correction_of,
    NULL::text AS reason,
    usage_day.answered_memory,
    usage_day.answered_store,
    usage_day.answered_provider,
    usage_day.answered_scoped,
    usage_day.limited,
    usage_day.refused,
    usage_day.failed_caller,
    usage_day.failed_credential,
    usage_day.failed_provider,
    usage_day.failed_gateway,
    usage_day.exchanges,
    usage_day.renewals,
    usage_day.refresh_token_renewals
   FROM bursar.usage_day
  WHERE (NOT ((date_trunc('month'::text, (usage_day.day)::timestamp with time zone))::date IN ( SELECT period.first_day
           FROM bursar.period)))
UNION ALL
 SELECT usage_correction.day,
    usage_correction.tenant_id,
    COALESCE(( SELECT tenant_name.name
           FROM bursar.tenant_name
          WHERE ((tenant_name.tenant_id = usage_correction.tenant_id) AND (tenant_name.since < (((usage_correction.day + 1))::timestamp without time zone AT TIME ZONE ( SELECT report_zone.zone
                   FROM bursar.report_zone))))
          ORDER BY tenant_name.since DESC
         LIMIT 1), 'unattributed'::text) AS tenant_name,
    usage_correction.client_id,
    usage_correction.provider,
    usage_correction.environment,
    usage_correction.corrects AS correction_of,
    usage_correction.reason,
    usage_correction.answered_memory,
    usage_correction.answered_store,
    usage_correction.answered_provider,
    usage_correction.answered_scoped,
    usage_correction.limited,
    usage_correction.refused,
    usage_correction.failed_caller,
    usage_correction.failed_credential,
    usage_correction.failed_provider,
    usage_correction.failed_gateway,
    usage_correction.exchanges,
    usage_correction.renewals,
    usage_correction.refresh_token_renewals
   FROM bursar.usage_correction
  WHERE (NOT ((date_trunc('month'::text, (usage_correction.day)::timestamp with time zone))::date IN ( SELECT period.first_day
           FROM bursar.period)));


--
-- Name: VIEW open_row; Type: COMMENT; Schema: bursar; Owner: -
--

COMMENT ON VIEW bursar.open_row IS 'Rows of months that are not closed yet.';


--
-- Name: pepper; Type: TABLE; Schema: bursar; Owner: -
--

CREATE TABLE bursar.pepper (
    version integer NOT NULL,
    kek_id text NOT NULL,
    wrapped bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT pepper_version_check CHECK ((version > 0))
);


--
-- Name: quota; Type: TABLE; Schema: bursar; Owner: -
--

CREATE UNLOGGED TABLE bursar.quota (
    tenant_id uuid NOT NULL,
    replica_id uuid NOT NULL,
    exchange bigint NOT NULL,
    offered bigint NOT NULL,
    offered_until timestamp with time zone NOT NULL,
    wanted_until timestamp with time zone NOT NULL,
    exchanged_at timestamp with time zone NOT NULL,
    CONSTRAINT quota_offered_check CHECK ((offered >= 0))
)
WITH (fillfactor='50');


--
-- Name: refresh_day; Type: TABLE; Schema: bursar; Owner: -
--

CREATE TABLE bursar.refresh_day (
    tenant_id uuid NOT NULL,
    day date NOT NULL,
    provider text NOT NULL,
    environment text NOT NULL,
    step text NOT NULL,
    outcome text NOT NULL,
    bucket smallint NOT NULL,
    count bigint NOT NULL
);


--
-- Name: refresh_event; Type: TABLE; Schema: bursar; Owner: -
--

CREATE TABLE bursar.refresh_event (
    owner_id uuid NOT NULL,
    event_id uuid NOT NULL,
    at timestamp with time zone NOT NULL,
    tenant_id uuid,
    provider text NOT NULL,
    environment text NOT NULL,
    credential_id uuid NOT NULL,
    cause text NOT NULL,
    step text NOT NULL,
    outcome text NOT NULL,
    http_status integer,
    latency_us bigint NOT NULL,
    lifetime_seconds bigint,
    replica_id uuid NOT NULL,
    fault text,
    CONSTRAINT refresh_event_cause_check CHECK ((cause = ANY (ARRAY['cold'::text, 'renewal'::text, 'rejected'::text, 'keep_warm'::text]))),
    CONSTRAINT refresh_event_latency_us_check CHECK ((latency_us >= 0)),
    CONSTRAINT refresh_event_step_check CHECK ((step = ANY (ARRAY['full'::text, 'refresh'::text, 'scoped'::text])))
)
PARTITION BY RANGE (at);


--
-- Name: refresh_hour; Type: TABLE; Schema: bursar; Owner: -
--

CREATE TABLE bursar.refresh_hour (
    hour timestamp with time zone NOT NULL,
    provider text NOT NULL,
    environment text NOT NULL,
    step text NOT NULL,
    outcome text NOT NULL,
    bucket smallint NOT NULL,
    count bigint NOT NULL,
    max_us bigint NOT NULL
);


--
-- Name: refresh_provider_day; Type: TABLE; Schema: bursar; Owner: -
--

CREATE TABLE bursar.refresh_provider_day (
    day date NOT NULL,
    provider text NOT NULL,
    environment text NOT NULL,
    outcome text NOT NULL,
    bucket smallint NOT NULL,
    count bigint NOT NULL
);


--
-- Name: replica; Type: TABLE; Schema: bursar; Owner: -
--

CREATE TABLE bursar.replica (
    replica_id uuid NOT NULL,
    place uuid NOT NULL,
    name text NOT NULL,
    program text NOT NULL,
    key_ids text[] NOT NULL,
    started_at timestamp with time zone NOT NULL,
    heartbeat_at timestamp with time zone NOT NULL,
    kept_until timestamp with time zone NOT NULL,
    beat bigint NOT NULL,
    applied_version bigint,
    share_millionths integer NOT NULL,
    CONSTRAINT replica_share_millionths_check CHECK (((share_millionths >= 0) AND (share_millionths <= 1000000)))
);


--
-- Name: usage_snapshot; Type: TABLE; Schema: bursar; Owner: -
--

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
    answered_memory bigint DEFAULT 0 NOT NULL,
    answered_store bigint DEFAULT 0 NOT NULL,
    answered_provider bigint DEFAULT 0 NOT NULL,
    answered_scoped bigint DEFAULT 0 NOT NULL,
    limited bigint DEFAULT 0 NOT NULL,
    refused bigint DEFAULT 0 NOT NULL,
    failed_caller bigint DEFAULT 0 NOT NULL,
    failed_credential bigint DEFAULT 0 NOT NULL,
    failed_provider bigint DEFAULT 0 NOT NULL,
    failed_gateway bigint DEFAULT 0 NOT NULL,
    exchanges bigint DEFAULT 0 NOT NULL,
    renewals bigint DEFAULT 0 NOT NULL,
    refresh_token_renewals bigint DEFAULT 0 NOT NULL
);


--
-- Name: report_row; Type: VIEW; Schema: bursar; Owner: -
--

CREATE VIEW bursar.report_row AS
 SELECT usage_snapshot.day,
    usage_snapshot.tenant_id,
    usage_snapshot.tenant_name,
    usage_snapshot.client_id,
    usage_snapshot.provider,
    usage_snapshot.environment,
    usage_snapshot.correction_of,
    usage_snapshot.reason,
    usage_snapshot.answered_memory,
    usage_snapshot.answered_store,
    usage_snapshot.answered_provider,
    usage_snapshot.answered_scoped,
    usage_snapshot.limited,
    usage_snapshot.refused,
    usage_snapshot.failed_caller,
    usage_snapshot.failed_credential,
    usage_snapshot.failed_provider,
    usage_snapshot.failed_gateway,
    usage_snapshot.exchanges,
    usage_snapshot.renewals,
    usage_snapshot.refresh_token_renewals
   FROM bursar.usage_snapshot
UNION ALL
 SELECT open_row.day,
    open_row.tenant_id,
    open_row.tenant_name,
    open_row.client_id,
    open_row.provider,
    open_row.environment,
    open_row.correction_of,
    open_row.reason,
    open_row.answered_memory,
    open_row.answered_store,
    open_row.answered_provider,
    open_row.answered_scoped,
    open_row.limited,
    open_row.refused,
    open_row.failed_caller,
    open_row.failed_credential,
    open_row.failed_provider,
    open_row.failed_gateway,
    open_row.exchanges,
    open_row.renewals,
    open_row.refresh_token_renewals
   FROM bursar.open_row;


--
-- Name: VIEW report_row; Type: COMMENT; Schema: bursar; Owner: -
--

COMMENT ON VIEW bursar.report_row IS 'Every row of every report; the views of the schema finance are made of it.';


--
-- Name: schema_migration; Type: TABLE; Schema: bursar; Owner: -
--

CREATE TABLE bursar.schema_migration (
    name text NOT NULL,
    checksum bytea NOT NULL,
    compatible_from text,
    applied_at timestamp with time zone DEFAULT now() NOT NULL
);


--
-- Name: tenant; Type: TABLE; Schema: bursar; Owner: -
--

CREATE TABLE bursar.tenant (
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    state text DEFAULT 'active'::text NOT NULL,
    limit_count integer NOT NULL,
    limit_period_seconds integer NOT NULL,
    limit_burst integer NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT tenant_limit_burst_check CHECK (((limit_burst >= 1) AND (limit_burst <= 1000000))),
    CONSTRAINT tenant_limit_count_check CHECK (((limit_count >= 1) AND (limit_count <= 1000000))),
    CONSTRAINT tenant_limit_period_seconds_check CHECK (((limit_period_seconds >= 1) AND (limit_period_seconds <= 86400))),
    CONSTRAINT tenant_name_check CHECK (((length(name) >= 1) AND (length(name) <= 200))),
    CONSTRAINT tenant_state_check CHECK ((state = ANY (ARRAY['active'::text, 'suspended'::text])))
);


--
-- Name: token_slot; Type: TABLE; Schema: bursar; Owner: -
--

CREATE TABLE bursar.token_slot (
    owner_id uuid NOT NULL,
    slot_digest bytea NOT NULL,
    credential_id uuid NOT NULL,
    credential_version integer NOT NULL,
    provider text NOT NULL,
    environment text NOT NULL,
    generation bigint DEFAULT 0 NOT NULL,
    access_sealed bytea,
    refresh_sealed bytea,
    key_version integer,
    issued_at timestamp with time zone,
    expires_at timestamp with time zone,
    refresh_until timestamp with time zone,
    jitter double precision DEFAULT 0 NOT NULL,
    lease_owner uuid,
    lease_until timestamp with time zone DEFAULT '-infinity'::timestamp with time zone NOT NULL,
    lease_epoch bigint DEFAULT 0 NOT NULL,
    failure_reason text,
    failure_count integer DEFAULT 0 NOT NULL,
    retry_at timestamp with time zone,
    updated_at timestamp with time zone DEFAULT now() NOT NULL,
    retry_named boolean DEFAULT false NOT NULL,
    CONSTRAINT token_slot_slot_digest_check CHECK ((length(slot_digest) = 32))
);


--
-- Name: usage_batch; Type: TABLE; Schema: bursar; Owner: -
--

CREATE TABLE bursar.usage_batch (
    directory_id uuid NOT NULL,
    boot_id uuid NOT NULL,
    quarter timestamp with time zone NOT NULL,
    batches bigint NOT NULL,
    last_sequence bigint NOT NULL,
    answered_memory bigint DEFAULT 0 NOT NULL,
    answered_store bigint DEFAULT 0 NOT NULL,
    answered_provider bigint DEFAULT 0 NOT NULL,
    answered_scoped bigint DEFAULT 0 NOT NULL,
    limited bigint DEFAULT 0 NOT NULL,
    refused bigint DEFAULT 0 NOT NULL,
    failed_caller bigint DEFAULT 0 NOT NULL,
    failed_credential bigint DEFAULT 0 NOT NULL,
    failed_provider bigint DEFAULT 0 NOT NULL,
    failed_gateway bigint DEFAULT 0 NOT NULL,
    exchanges bigint DEFAULT 0 NOT NULL,
    renewals bigint DEFAULT 0 NOT NULL,
    refresh_token_renewals bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='70');


--
-- Name: usage_correction_correction_id_seq; Type: SEQUENCE; Schema: bursar; Owner: -
--

ALTER TABLE bursar.usage_correction ALTER COLUMN correction_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME bursar.usage_correction_correction_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);


--
-- Name: usage_journal; Type: TABLE; Schema: bursar; Owner: -
--

CREATE TABLE bursar.usage_journal (
    directory_id uuid NOT NULL,
    boot_id uuid NOT NULL,
    last_sequence bigint NOT NULL,
    last_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT usage_journal_last_sequence_check CHECK ((last_sequence > 0))
);


--
-- Name: usage_minute; Type: TABLE; Schema: bursar; Owner: -
--

CREATE TABLE bursar.usage_minute (
    tenant_id uuid NOT NULL,
    minute timestamp with time zone NOT NULL,
    client_id text NOT NULL,
    provider text NOT NULL,
    environment text NOT NULL,
    answered_memory bigint DEFAULT 0 NOT NULL,
    answered_store bigint DEFAULT 0 NOT NULL,
    answered_provider bigint DEFAULT 0 NOT NULL,
    answered_scoped bigint DEFAULT 0 NOT NULL,
    limited bigint DEFAULT 0 NOT NULL,
    refused bigint DEFAULT 0 NOT NULL,
    failed_caller bigint DEFAULT 0 NOT NULL,
    failed_credential bigint DEFAULT 0 NOT NULL,
    failed_provider bigint DEFAULT 0 NOT NULL,
    failed_gateway bigint DEFAULT 0 NOT NULL,
    exchanges bigint DEFAULT 0 NOT NULL,
    renewals bigint DEFAULT 0 NOT NULL,
    refresh_token_renewals bigint DEFAULT 0 NOT NULL
)
PARTITION BY RANGE (minute);


--
-- Name: usage_minute_2026_11; Type: TABLE; Schema: bursar; Owner: -
--

CREATE TABLE bursar.usage_minute_2026_11 (
    tenant_id uuid NOT NULL,
    minute timestamp with time zone NOT NULL,
    client_id text NOT NULL,
    provider text NOT NULL,
    environment text NOT NULL,
    answered_memory bigint DEFAULT 0 NOT NULL,
    answered_store bigint DEFAULT 0 NOT NULL,
    answered_provider bigint DEFAULT 0 NOT NULL,
    answered_scoped bigint DEFAULT 0 NOT NULL,
    limited bigint DEFAULT 0 NOT NULL,
    refused bigint DEFAULT 0 NOT NULL,
    failed_caller bigint DEFAULT 0 NOT NULL,
    failed_credential bigint DEFAULT 0 NOT NULL,
    failed_provider bigint DEFAULT 0 NOT NULL,
    failed_gateway bigint DEFAULT 0 NOT NULL,
    exchanges bigint DEFAULT 0 NOT NULL,
    renewals bigint DEFAULT 0 NOT NULL,
    refresh_token_renewals bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='70');


--
-- Name: usage_minute_2026_12; Type: TABLE; Schema: bursar; Owner: -
--

CREATE TABLE bursar.usage_minute_2026_12 (
    tenant_id uuid NOT NULL,
    minute timestamp with time zone NOT NULL,
    client_id text NOT NULL,
    provider text NOT NULL,
    environment text NOT NULL,
    answered_memory bigint DEFAULT 0 NOT NULL,
    answered_store bigint DEFAULT 0 NOT NULL,
    answered_provider bigint DEFAULT 0 NOT NULL,
    answered_scoped bigint DEFAULT 0 NOT NULL,
    limited bigint DEFAULT 0 NOT NULL,
    refused bigint DEFAULT 0 NOT NULL,
    failed_caller bigint DEFAULT 0 NOT NULL,
    failed_credential bigint DEFAULT 0 NOT NULL,
    failed_provider bigint DEFAULT 0 NOT NULL,
    failed_gateway bigint DEFAULT 0 NOT NULL,
    exchanges bigint DEFAULT 0 NOT NULL,
    renewals bigint DEFAULT 0 NOT NULL,
    refresh_token_renewals bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='70');


--
-- Name: usage_month; Type: TABLE; Schema: bursar; Owner: -
--

CREATE TABLE bursar.usage_month (
    tenant_id uuid NOT NULL,
    month date NOT NULL,
    client_id text NOT NULL,
    provider text NOT NULL,
    environment text NOT NULL,
    answered_memory bigint DEFAULT 0 NOT NULL,
    answered_store bigint DEFAULT 0 NOT NULL,
    answered_provider bigint DEFAULT 0 NOT NULL,
    answered_scoped bigint DEFAULT 0 NOT NULL,
    limited bigint DEFAULT 0 NOT NULL,
    refused bigint DEFAULT 0 NOT NULL,
    failed_caller bigint DEFAULT 0 NOT NULL,
    failed_credential bigint DEFAULT 0 NOT NULL,
    failed_provider bigint DEFAULT 0 NOT NULL,
    failed_gateway bigint DEFAULT 0 NOT NULL,
    exchanges bigint DEFAULT 0 NOT NULL,
    renewals bigint DEFAULT 0 NOT NULL,
    refresh_token_renewals bigint DEFAULT 0 NOT NULL
)
WITH (fillfactor='80');


--
-- Name: corrections; Type: VIEW; Schema: finance; Owner: -
--

CREATE VIEW finance.corrections WITH (security_barrier='true') AS
 SELECT usage_correction.day,
    usage_correction.corrects AS correction_of,
    usage_correction.kind,
    usage_correction.reason,
    usage_correction.made_at,
    usage_correction.made_by,
    NULLIF(usage_correction.tenant_id, '00000000-0000-0000-0000-000000000000'::uuid) AS business_uuid,
    NULLIF(usage_correction.client_id, ''::text) AS client_id,
    NULLIF(usage_correction.provider, ''::text) AS provider,
    NULLIF(usage_correction.environment, ''::text) AS environment,
    (((usage_correction.answered_memory + usage_correction.answered_store) + usage_correction.answered_provider) + usage_correction.answered_scoped) AS answers,
    usage_correction.answered_memory,
    usage_correction.answered_store,
    usage_correction.answered_provider,
    usage_correction.answered_scoped,
    (usage_correction.limited + usage_correction.refused) AS refused,
    usage_correction.limited,
    usage_correction.refused AS refused_otherwise,
    (((usage_correction.failed_caller + usage_correction.failed_credential) + usage_correction.failed_provider) + usage_correction.failed_gateway) AS failed,
    usage_correction.failed_caller,
    usage_correction.failed_credential,
    usage_correction.failed_provider,
    usage_correction.failed_gateway,
    usage_correction.exchanges,
    usage_correction.renewals,
    usage_correction.refresh_token_renewals
   FROM bursar.usage_correction;


--
-- Name: VIEW corrections; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON VIEW finance.corrections IS 'Corrections of closed months.';


--
-- Name: COLUMN corrections.day; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.corrections.day IS 'Day in the reporting zone on which it was booked.';


--
-- Name: COLUMN corrections.correction_of; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.corrections.correction_of IS 'The closed month that it corrects.';


--
-- Name: COLUMN corrections.kind; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.corrections.kind IS 'late: delivered after the month was closed; stated: by a person.';


--
-- Name: COLUMN corrections.reason; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.corrections.reason IS 'Why.';


--
-- Name: COLUMN corrections.made_at; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.corrections.made_at IS 'When.';


--
-- Name: COLUMN corrections.made_by; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.corrections.made_by IS 'The journal that delivered it, or who stated it.';


--
-- Name: COLUMN corrections.business_uuid; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.corrections.business_uuid IS 'The tenant; null is unattributed: refused before a tenant was known, or a shared credential renewed by itself.';


--
-- Name: COLUMN corrections.client_id; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.corrections.client_id IS 'The merchant backend''s client; null where none was known, and for exchanges, which belong to no client.';


--
-- Name: COLUMN corrections.provider; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.corrections.provider IS 'Provider profile id; null where none was known.';


--
-- Name: COLUMN corrections.environment; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.corrections.environment IS 'sandbox or production; null where none was known.';


--
-- Name: COLUMN corrections.answers; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.corrections.answers IS 'Answers with status 200 that carried a provider token, scoped ones included: the sum of the answered_… columns.';


--
-- Name: COLUMN corrections.answered_memory; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.corrections.answered_memory IS 'Answers from the cache.';


--
-- Name: COLUMN corrections.answered_store; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.corrections.answered_store IS 'Answers from the database.';


--
-- Name: COLUMN corrections.answered_provider; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.corrections.answered_provider IS 'Answers for which the provider was asked then.';


--
-- Name: COLUMN corrections.answered_scoped; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.corrections.answered_scoped IS 'Answers with a token for one customer and invoice.';


--
-- Name: COLUMN corrections.refused; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.corrections.refused IS 'Answers that refused: limited and refused_otherwise.';


--
-- Name: COLUMN corrections.limited; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.corrections.limited IS 'Answers that refused because the tenant was over its limit.';


--
-- Name: COLUMN corrections.refused_otherwise; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.corrections.refused_otherwise IS 'Answers that refused for another reason: wrong client, suspended, not allowed.';


--
-- Name: COLUMN corrections.failed; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.corrections.failed IS 'Answers that failed, whoever is at fault: the sum of the failed_… columns.';


--
-- Name: COLUMN corrections.failed_caller; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.corrections.failed_caller IS 'Answers that failed by the caller''s fault.';


--
-- Name: COLUMN corrections.failed_credential; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.corrections.failed_credential IS 'Answers that failed because the provider rejected the stored credential.';


--
-- Name: COLUMN corrections.failed_provider; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.corrections.failed_provider IS 'Answers that failed by the provider''s fault.';


--
-- Name: COLUMN corrections.failed_gateway; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.corrections.failed_gateway IS 'Answers that failed by our own fault.';


--
-- Name: COLUMN corrections.exchanges; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.corrections.exchanges IS 'Requests to the provider: full, refresh and scoped ones, failed ones included.';


--
-- Name: COLUMN corrections.renewals; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.corrections.renewals IS 'Those of the exchanges that replaced a token.';


--
-- Name: COLUMN corrections.refresh_token_renewals; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.corrections.refresh_token_renewals IS 'Those of the exchanges that used a refresh token.';


--
-- Name: downtime_daily; Type: VIEW; Schema: finance; Owner: -
--

CREATE VIEW finance.downtime_daily WITH (security_barrier='true') AS
 SELECT downtime_day.day,
    NULLIF(downtime_day.tenant_id, '00000000-0000-0000-0000-000000000000'::uuid) AS business_uuid,
    downtime_day.provider,
    downtime_day.environment,
    downtime_day.fault,
    downtime_day.seconds
   FROM bursar.downtime_day;


--
-- Name: VIEW downtime_daily; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON VIEW finance.downtime_daily IS 'Seconds in which a connection was asked for a token and had no good one, by whose fault: from a failed request to the next one, at most an hour after each. At most a minute late.';


--
-- Name: COLUMN downtime_daily.day; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.downtime_daily.day IS 'Day in the reporting zone.';


--
-- Name: COLUMN downtime_daily.business_uuid; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.downtime_daily.business_uuid IS 'The tenant.';


--
-- Name: COLUMN downtime_daily.provider; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.downtime_daily.provider IS 'Provider profile id.';


--
-- Name: COLUMN downtime_daily.environment; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.downtime_daily.environment IS 'sandbox or production.';


--
-- Name: COLUMN downtime_daily.fault; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.downtime_daily.fault IS 'caller, credential, provider or gateway.';


--
-- Name: COLUMN downtime_daily.seconds; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.downtime_daily.seconds IS 'How long.';


--
-- Name: periods; Type: VIEW; Schema: finance; Owner: -
--

CREATE VIEW finance.periods WITH (security_barrier='true') AS
 SELECT period.period,
    period.zone,
    period.starts_at,
    period.ends_at,
    period.closed_at,
    period.closed_by,
    period.row_count,
    period.csv_sha256,
    period.manifest_sha256,
    period.previous_sha256,
    period.manifest
   FROM bursar.period;


--
-- Name: VIEW periods; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON VIEW finance.periods IS 'Closed months with their manifests.';


--
-- Name: COLUMN periods.period; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.periods.period IS 'The month, as 2026-10.';


--
-- Name: COLUMN periods.zone; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.periods.zone IS 'The zone whose calendar it is of.';


--
-- Name: COLUMN periods.starts_at; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.periods.starts_at IS 'Its first instant.';


--
-- Name: COLUMN periods.ends_at; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.periods.ends_at IS 'The first instant after it.';


--
-- Name: COLUMN periods.closed_at; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.periods.closed_at IS 'When it was closed.';


--
-- Name: COLUMN periods.closed_by; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.periods.closed_by IS 'Who closed it.';


--
-- Name: COLUMN periods.row_count; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.periods.row_count IS 'Rows of its snapshot and its CSV file.';


--
-- Name: COLUMN periods.csv_sha256; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.periods.csv_sha256 IS 'SHA-256 of its CSV file.';


--
-- Name: COLUMN periods.manifest_sha256; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.periods.manifest_sha256 IS 'SHA-256 of its manifest.';


--
-- Name: COLUMN periods.previous_sha256; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.periods.previous_sha256 IS 'SHA-256 of the manifest of the month that was closed before it.';


--
-- Name: COLUMN periods.manifest; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.periods.manifest IS 'The manifest, as JSON.';


--
-- Name: refresh_daily; Type: VIEW; Schema: finance; Owner: -
--

CREATE VIEW finance.refresh_daily WITH (security_barrier='true') AS
 WITH merged AS (
         SELECT refresh_day.day,
            refresh_day.tenant_id,
            refresh_day.provider,
            refresh_day.environment,
            refresh_day.bucket,
            (sum(refresh_day.count))::bigint AS count,
            (COALESCE(sum(refresh_day.count) FILTER (WHERE (refresh_day.outcome = 'ok'::text)), (0)::numeric))::bigint AS succeeded
           FROM bursar.refresh_day
          GROUP BY refresh_day.day, refresh_day.tenant_id, refresh_day.provider, refresh_day.environment, refresh_day.bucket
        ), cumulative AS (
         SELECT merged.day,
            merged.tenant_id,
            merged.provider,
            merged.environment,
            merged.bucket,
            merged.count,
            merged.succeeded,
            sum(merged.count) OVER (key ORDER BY merged.bucket) AS reached,
            sum(merged.count) OVER key AS total
           FROM merged
          WINDOW key AS (PARTITION BY merged.day, merged.tenant_id, merged.provider, merged.environment)
        )
 SELECT cumulative.day,
    NULLIF(cumulative.tenant_id, '00000000-0000-0000-0000-000000000000'::uuid) AS business_uuid,
    cumulative.provider,
    cumulative.environment,
    (sum(cumulative.succeeded))::bigint AS succeeded,
    ((sum(cumulative.count) - sum(cumulative.succeeded)))::bigint AS failed,
    bursar.latency_bound_us((min(cumulative.bucket) FILTER (WHERE (cumulative.reached >= (0.5 * cumulative.total))))::bigint) AS latency_p50_us,
    bursar.latency_bound_us((min(cumulative.bucket) FILTER (WHERE (cumulative.reached >= (0.95 * cumulative.total))))::bigint) AS latency_p95_us,
    bursar.latency_bound_us((min(cumulative.bucket) FILTER (WHERE (cumulative.reached >= (0.99 * cumulative.total))))::bigint) AS latency_p99_us
   FROM cumulative
  GROUP BY cumulative.day, cumulative.tenant_id, cumulative.provider, cumulative.environment;


--
-- Name: VIEW refresh_daily; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON VIEW finance.refresh_daily IS 'How requests to providers went, by day, tenant, provider and environment. Percentiles come from merged buckets and are at most 19 % above the exact ones.';


--
-- Name: COLUMN refresh_daily.day; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.refresh_daily.day IS 'Day in the reporting zone.';


--
-- Name: COLUMN refresh_daily.business_uuid; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.refresh_daily.business_uuid IS 'The tenant; null when a shared credential renewed by itself.';


--
-- Name: COLUMN refresh_daily.provider; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.refresh_daily.provider IS 'Provider profile id.';


--
-- Name: COLUMN refresh_daily.environment; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.refresh_daily.environment IS 'sandbox or production.';


--
-- Name: COLUMN refresh_daily.succeeded; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.refresh_daily.succeeded IS 'Requests that brought a token.';


--
-- Name: COLUMN refresh_daily.failed; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.refresh_daily.failed IS 'Requests that did not.';


--
-- Name: COLUMN refresh_daily.latency_p50_us; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.refresh_daily.latency_p50_us IS 'Median latency in microseconds.';


--
-- Name: COLUMN refresh_daily.latency_p95_us; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.refresh_daily.latency_p95_us IS '95th percentile of the latency in microseconds.';


--
-- Name: COLUMN refresh_daily.latency_p99_us; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.refresh_daily.latency_p99_us IS '99th percentile of the latency in microseconds.';


--
-- Name: refresh_events; Type: VIEW; Schema: finance; Owner: -
--

CREATE VIEW finance.refresh_events WITH (security_barrier='true') AS
 SELECT refresh_event.at,
    refresh_event.tenant_id AS business_uuid,
    refresh_event.provider,
    refresh_event.environment,
    refresh_event.credential_id,
    refresh_event.cause,
    refresh_event.step,
    refresh_event.outcome,
    refresh_event.fault,
    refresh_event.http_status,
    refresh_event.latency_us,
    refresh_event.lifetime_seconds
   FROM bursar.refresh_event;


--
-- Name: VIEW refresh_events; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON VIEW finance.refresh_events IS 'Every request to a provider of the last three months.';


--
-- Name: COLUMN refresh_events.at; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.refresh_events.at IS 'When the request was sent.';


--
-- Name: COLUMN refresh_events.business_uuid; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.refresh_events.business_uuid IS 'The tenant for which it was sent; null when a shared credential renewed by itself.';


--
-- Name: COLUMN refresh_events.provider; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.refresh_events.provider IS 'Provider profile id.';


--
-- Name: COLUMN refresh_events.environment; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.refresh_events.environment IS 'sandbox or production.';


--
-- Name: COLUMN refresh_events.credential_id; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.refresh_events.credential_id IS 'The credential that was used.';


--
-- Name: COLUMN refresh_events.cause; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.refresh_events.cause IS 'cold, renewal, rejected (reported by a merchant) or keep_warm.';


--
-- Name: COLUMN refresh_events.step; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.refresh_events.step IS 'full (id and secret), refresh (refresh token) or scoped (second step).';


--
-- Name: COLUMN refresh_events.outcome; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.refresh_events.outcome IS 'ok, or the reason of the failure from the closed set.';


--
-- Name: COLUMN refresh_events.fault; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.refresh_events.fault IS 'Who has to act on the failure.';


--
-- Name: COLUMN refresh_events.http_status; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.refresh_events.http_status IS 'Status of the provider''s reply; null when none came.';


--
-- Name: COLUMN refresh_events.latency_us; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.refresh_events.latency_us IS 'Microseconds from sending to the end of the reply.';


--
-- Name: COLUMN refresh_events.lifetime_seconds; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.refresh_events.lifetime_seconds IS 'Life of the token that it brought.';


--
-- Name: usage_by_client; Type: VIEW; Schema: finance; Owner: -
--

CREATE VIEW finance.usage_by_client WITH (security_barrier='true') AS
 SELECT summed.month,
    NULLIF(summed.tenant_id, '00000000-0000-0000-0000-000000000000'::uuid) AS business_uuid,
    COALESCE(( SELECT tenant_name.name
           FROM bursar.tenant_name
          WHERE ((tenant_name.tenant_id = summed.tenant_id) AND (tenant_name.since < ((summed.month + '1 mon'::interval) AT TIME ZONE ( SELECT report_zone.zone
                   FROM bursar.report_zone))))
          ORDER BY tenant_name.since DESC
         LIMIT 1), 'unattributed'::text) AS tenant_name,
    NULLIF(summed.client_id, ''::text) AS client_id,
    summed.correction_of,
    (((summed.answered_memory + summed.answered_store) + summed.answered_provider) + summed.answered_scoped) AS answers,
    summed.answered_memory,
    summed.answered_store,
    summed.answered_provider,
    summed.answered_scoped,
    (summed.limited + summed.refused) AS refused,
    summed.limited,
    summed.refused AS refused_otherwise,
    (((summed.failed_caller + summed.failed_credential) + summed.failed_provider) + summed.failed_gateway) AS failed,
    summed.failed_caller,
    summed.failed_credential,
    summed.failed_provider,
    summed.failed_gateway,
    summed.exchanges,
    summed.renewals,
    summed.refresh_token_renewals
   FROM ( SELECT (date_trunc('month'::text, (report_row.day)::timestamp with time zone))::date AS month,
            report_row.tenant_id,
            report_row.client_id,
            report_row.correction_of,
            (sum(report_row.answered_memory))::bigint AS answered_memory,
            (sum(report_row.answered_store))::bigint AS answered_store,
            (sum(report_row.answered_provider))::bigint AS answered_provider,
            (sum(report_row.answered_scoped))::bigint AS answered_scoped,
            (sum(report_row.limited))::bigint AS limited,
            (sum(report_row.refused))::bigint AS refused,
            (sum(report_row.failed_caller))::bigint AS failed_caller,
            (sum(report_row.failed_credential))::bigint AS failed_credential,
            (sum(report_row.failed_provider))::bigint AS failed_provider,
            (sum(report_row.failed_gateway))::bigint AS failed_gateway,
            (sum(report_row.exchanges))::bigint AS exchanges,
            (sum(report_row.renewals))::bigint AS renewals,
            (sum(report_row.refresh_token_renewals))::bigint AS refresh_token_renewals
           FROM bursar.report_row
          GROUP BY ((date_trunc('month'::text, (report_row.day)::timestamp with time zone))::date), report_row.tenant_id, report_row.client_id, report_row.correction_of) summed;


--
-- Name: VIEW usage_by_client; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON VIEW finance.usage_by_client IS 'Usage by month, tenant and client.';


--
-- Name: COLUMN usage_by_client.month; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_client.month IS 'First day of the month in the reporting zone.';


--
-- Name: COLUMN usage_by_client.business_uuid; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_client.business_uuid IS 'The tenant; null is unattributed: refused before a tenant was known, or a shared credential renewed by itself.';


--
-- Name: COLUMN usage_by_client.tenant_name; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_client.tenant_name IS 'The name that the tenant had then; unattributed where none was known.';


--
-- Name: COLUMN usage_by_client.client_id; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_client.client_id IS 'The merchant backend''s client; null where none was known, and for exchanges, which belong to no client.';


--
-- Name: COLUMN usage_by_client.correction_of; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_client.correction_of IS 'On a correction: the closed month that it corrects.';


--
-- Name: COLUMN usage_by_client.answers; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_client.answers IS 'Answers with status 200 that carried a provider token, scoped ones included: the sum of the answered_… columns.';


--
-- Name: COLUMN usage_by_client.answered_memory; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_client.answered_memory IS 'Answers from the cache.';


--
-- Name: COLUMN usage_by_client.answered_store; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_client.answered_store IS 'Answers from the database.';


--
-- Name: COLUMN usage_by_client.answered_provider; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_client.answered_provider IS 'Answers for which the provider was asked then.';


--
-- Name: COLUMN usage_by_client.answered_scoped; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_client.answered_scoped IS 'Answers with a token for one customer and invoice.';


--
-- Name: COLUMN usage_by_client.refused; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_client.refused IS 'Answers that refused: limited and refused_otherwise.';


--
-- Name: COLUMN usage_by_client.limited; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_client.limited IS 'Answers that refused because the tenant was over its limit.';


--
-- Name: COLUMN usage_by_client.refused_otherwise; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_client.refused_otherwise IS 'Answers that refused for another reason: wrong client, suspended, not allowed.';


--
-- Name: COLUMN usage_by_client.failed; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_client.failed IS 'Answers that failed, whoever is at fault: the sum of the failed_… columns.';


--
-- Name: COLUMN usage_by_client.failed_caller; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_client.failed_caller IS 'Answers that failed by the caller''s fault.';


--
-- Name: COLUMN usage_by_client.failed_credential; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_client.failed_credential IS 'Answers that failed because the provider rejected the stored credential.';


--
-- Name: COLUMN usage_by_client.failed_provider; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_client.failed_provider IS 'Answers that failed by the provider''s fault.';


--
-- Name: COLUMN usage_by_client.failed_gateway; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_client.failed_gateway IS 'Answers that failed by our own fault.';


--
-- Name: COLUMN usage_by_client.exchanges; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_client.exchanges IS 'Requests to the provider: full, refresh and scoped ones, failed ones included.';


--
-- Name: COLUMN usage_by_client.renewals; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_client.renewals IS 'Those of the exchanges that replaced a token.';


--
-- Name: COLUMN usage_by_client.refresh_token_renewals; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_client.refresh_token_renewals IS 'Those of the exchanges that used a refresh token.';


--
-- Name: usage_by_provider; Type: VIEW; Schema: finance; Owner: -
--

CREATE VIEW finance.usage_by_provider WITH (security_barrier='true') AS
 SELECT summed.month,
    NULLIF(summed.provider, ''::text) AS provider,
    NULLIF(summed.environment, ''::text) AS environment,
    summed.correction_of,
    (((summed.answered_memory + summed.answered_store) + summed.answered_provider) + summed.answered_scoped) AS answers,
    summed.answered_memory,
    summed.answered_store,
    summed.answered_provider,
    summed.answered_scoped,
    (summed.limited + summed.refused) AS refused,
    summed.limited,
    summed.refused AS refused_otherwise,
    (((summed.failed_caller + summed.failed_credential) + summed.failed_provider) + summed.failed_gateway) AS failed,
    summed.failed_caller,
    summed.failed_credential,
    summed.failed_provider,
    summed.failed_gateway,
    summed.exchanges,
    summed.renewals,
    summed.refresh_token_renewals
   FROM ( SELECT (date_trunc('month'::text, (report_row.day)::timestamp with time zone))::date AS month,
            report_row.provider,
            report_row.environment,
            report_row.correction_of,
            (sum(report_row.answered_memory))::bigint AS answered_memory,
            (sum(report_row.answered_store))::bigint AS answered_store,
            (sum(report_row.answered_provider))::bigint AS answered_provider,
            (sum(report_row.answered_scoped))::bigint AS answered_scoped,
            (sum(report_row.limited))::bigint AS limited,
            (sum(report_row.refused))::bigint AS refused,
            (sum(report_row.failed_caller))::bigint AS failed_caller,
            (sum(report_row.failed_credential))::bigint AS failed_credential,
            (sum(report_row.failed_provider))::bigint AS failed_provider,
            (sum(report_row.failed_gateway))::bigint AS failed_gateway,
            (sum(report_row.exchanges))::bigint AS exchanges,
            (sum(report_row.renewals))::bigint AS renewals,
            (sum(report_row.refresh_token_renewals))::bigint AS refresh_token_renewals
           FROM bursar.report_row
          GROUP BY ((date_trunc('month'::text, (report_row.day)::timestamp with time zone))::date), report_row.provider, report_row.environment, report_row.correction_of) summed;


--
-- Name: VIEW usage_by_provider; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON VIEW finance.usage_by_provider IS 'Usage by month, provider and environment.';


--
-- Name: COLUMN usage_by_provider.month; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_provider.month IS 'First day of the month in the reporting zone.';


--
-- Name: COLUMN usage_by_provider.provider; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_provider.provider IS 'Provider profile id; null where none was known.';


--
-- Name: COLUMN usage_by_provider.environment; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_provider.environment IS 'sandbox or production; null where none was known.';


--
-- Name: COLUMN usage_by_provider.correction_of; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_provider.correction_of IS 'On a correction: the closed month that it corrects.';


--
-- Name: COLUMN usage_by_provider.answers; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_provider.answers IS 'Answers with status 200 that carried a provider token, scoped ones included: the sum of the answered_… columns.';


--
-- Name: COLUMN usage_by_provider.answered_memory; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_provider.answered_memory IS 'Answers from the cache.';


--
-- Name: COLUMN usage_by_provider.answered_store; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_provider.answered_store IS 'Answers from the database.';


--
-- Name: COLUMN usage_by_provider.answered_provider; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_provider.answered_provider IS 'Answers for which the provider was asked then.';


--
-- Name: COLUMN usage_by_provider.answered_scoped; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_provider.answered_scoped IS 'Answers with a token for one customer and invoice.';


--
-- Name: COLUMN usage_by_provider.refused; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_provider.refused IS 'Answers that refused: limited and refused_otherwise.';


--
-- Name: COLUMN usage_by_provider.limited; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_provider.limited IS 'Answers that refused because the tenant was over its limit.';


--
-- Name: COLUMN usage_by_provider.refused_otherwise; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_provider.refused_otherwise IS 'Answers that refused for another reason: wrong client, suspended, not allowed.';


--
-- Name: COLUMN usage_by_provider.failed; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_provider.failed IS 'Answers that failed, whoever is at fault: the sum of the failed_… columns.';


--
-- Name: COLUMN usage_by_provider.failed_caller; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_provider.failed_caller IS 'Answers that failed by the caller''s fault.';


--
-- Name: COLUMN usage_by_provider.failed_credential; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_provider.failed_credential IS 'Answers that failed because the provider rejected the stored credential.';


--
-- Name: COLUMN usage_by_provider.failed_provider; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_provider.failed_provider IS 'Answers that failed by the provider''s fault.';


--
-- Name: COLUMN usage_by_provider.failed_gateway; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_provider.failed_gateway IS 'Answers that failed by our own fault.';


--
-- Name: COLUMN usage_by_provider.exchanges; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_provider.exchanges IS 'Requests to the provider: full, refresh and scoped ones, failed ones included.';


--
-- Name: COLUMN usage_by_provider.renewals; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_provider.renewals IS 'Those of the exchanges that replaced a token.';


--
-- Name: COLUMN usage_by_provider.refresh_token_renewals; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_provider.refresh_token_renewals IS 'Those of the exchanges that used a refresh token.';


--
-- Name: usage_by_tenant; Type: VIEW; Schema: finance; Owner: -
--

CREATE VIEW finance.usage_by_tenant WITH (security_barrier='true') AS
 SELECT summed.month,
    NULLIF(summed.tenant_id, '00000000-0000-0000-0000-000000000000'::uuid) AS business_uuid,
    COALESCE(( SELECT tenant_name.name
           FROM bursar.tenant_name
          WHERE ((tenant_name.tenant_id = summed.tenant_id) AND (tenant_name.since < ((summed.month + '1 mon'::interval) AT TIME ZONE ( SELECT report_zone.zone
                   FROM bursar.report_zone))))
          ORDER BY tenant_name.since DESC
         LIMIT 1), 'unattributed'::text) AS tenant_name,
    summed.correction_of,
    (((summed.answered_memory + summed.answered_store) + summed.answered_provider) + summed.answered_scoped) AS answers,
    summed.answered_memory,
    summed.answered_store,
    summed.answered_provider,
    summed.answered_scoped,
    (summed.limited + summed.refused) AS refused,
    summed.limited,
    summed.refused AS refused_otherwise,
    (((summed.failed_caller + summed.failed_credential) + summed.failed_provider) + summed.failed_gateway) AS failed,
    summed.failed_caller,
    summed.failed_credential,
    summed.failed_provider,
    summed.failed_gateway,
    summed.exchanges,
    summed.renewals,
    summed.refresh_token_renewals
   FROM ( SELECT (date_trunc('month'::text, (report_row.day)::timestamp with time zone))::date AS month,
            report_row.tenant_id,
            report_row.correction_of,
            (sum(report_row.answered_memory))::bigint AS answered_memory,
            (sum(report_row.answered_store))::bigint AS answered_store,
            (sum(report_row.answered_provider))::bigint AS answered_provider,
            (sum(report_row.answered_scoped))::bigint AS answered_scoped,
            (sum(report_row.limited))::bigint AS limited,
            (sum(report_row.refused))::bigint AS refused,
            (sum(report_row.failed_caller))::bigint AS failed_caller,
            (sum(report_row.failed_credential))::bigint AS failed_credential,
            (sum(report_row.failed_provider))::bigint AS failed_provider,
            (sum(report_row.failed_gateway))::bigint AS failed_gateway,
            (sum(report_row.exchanges))::bigint AS exchanges,
            (sum(report_row.renewals))::bigint AS renewals,
            (sum(report_row.refresh_token_renewals))::bigint AS refresh_token_renewals
           FROM bursar.report_row
          GROUP BY ((date_trunc('month'::text, (report_row.day)::timestamp with time zone))::date), report_row.tenant_id, report_row.correction_of) summed;


--
-- Name: VIEW usage_by_tenant; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON VIEW finance.usage_by_tenant IS 'Usage by month and tenant.';


--
-- Name: COLUMN usage_by_tenant.month; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_tenant.month IS 'First day of the month in the reporting zone.';


--
-- Name: COLUMN usage_by_tenant.business_uuid; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_tenant.business_uuid IS 'The tenant; null is unattributed: refused before a tenant was known, or a shared credential renewed by itself.';


--
-- Name: COLUMN usage_by_tenant.tenant_name; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_tenant.tenant_name IS 'The name that the tenant had then; unattributed where none was known.';


--
-- Name: COLUMN usage_by_tenant.correction_of; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_tenant.correction_of IS 'On a correction: the closed month that it corrects.';


--
-- Name: COLUMN usage_by_tenant.answers; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_tenant.answers IS 'Answers with status 200 that carried a provider token, scoped ones included: the sum of the answered_… columns.';


--
-- Name: COLUMN usage_by_tenant.answered_memory; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_tenant.answered_memory IS 'Answers from the cache.';


--
-- Name: COLUMN usage_by_tenant.answered_store; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_tenant.answered_store IS 'Answers from the database.';


--
-- Name: COLUMN usage_by_tenant.answered_provider; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_tenant.answered_provider IS 'Answers for which the provider was asked then.';


--
-- Name: COLUMN usage_by_tenant.answered_scoped; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_tenant.answered_scoped IS 'Answers with a token for one customer and invoice.';


--
-- Name: COLUMN usage_by_tenant.refused; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_tenant.refused IS 'Answers that refused: limited and refused_otherwise.';


--
-- Name: COLUMN usage_by_tenant.limited; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_tenant.limited IS 'Answers that refused because the tenant was over its limit.';


--
-- Name: COLUMN usage_by_tenant.refused_otherwise; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_tenant.refused_otherwise IS 'Answers that refused for another reason: wrong client, suspended, not allowed.';


--
-- Name: COLUMN usage_by_tenant.failed; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_tenant.failed IS 'Answers that failed, whoever is at fault: the sum of the failed_… columns.';


--
-- Name: COLUMN usage_by_tenant.failed_caller; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_tenant.failed_caller IS 'Answers that failed by the caller''s fault.';


--
-- Name: COLUMN usage_by_tenant.failed_credential; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_tenant.failed_credential IS 'Answers that failed because the provider rejected the stored credential.';


--
-- Name: COLUMN usage_by_tenant.failed_provider; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_tenant.failed_provider IS 'Answers that failed by the provider''s fault.';


--
-- Name: COLUMN usage_by_tenant.failed_gateway; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_tenant.failed_gateway IS 'Answers that failed by our own fault.';


--
-- Name: COLUMN usage_by_tenant.exchanges; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_tenant.exchanges IS 'Requests to the provider: full, refresh and scoped ones, failed ones included.';


--
-- Name: COLUMN usage_by_tenant.renewals; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_tenant.renewals IS 'Those of the exchanges that replaced a token.';


--
-- Name: COLUMN usage_by_tenant.refresh_token_renewals; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_by_tenant.refresh_token_renewals IS 'Those of the exchanges that used a refresh token.';


--
-- Name: usage_daily; Type: VIEW; Schema: finance; Owner: -
--

CREATE VIEW finance.usage_daily WITH (security_barrier='true') AS
 SELECT report_row.day,
    NULLIF(report_row.tenant_id, '00000000-0000-0000-0000-000000000000'::uuid) AS business_uuid,
    report_row.tenant_name,
    NULLIF(report_row.client_id, ''::text) AS client_id,
    NULLIF(report_row.provider, ''::text) AS provider,
    NULLIF(report_row.environment, ''::text) AS environment,
    report_row.correction_of,
    report_row.reason,
    (((report_row.answered_memory + report_row.answered_store) + report_row.answered_provider) + report_row.answered_scoped) AS answers,
    report_row.answered_memory,
    report_row.answered_store,
    report_row.answered_provider,
    report_row.answered_scoped,
    (report_row.limited + report_row.refused) AS refused,
    report_row.limited,
    report_row.refused AS refused_otherwise,
    (((report_row.failed_caller + report_row.failed_credential) + report_row.failed_provider) + report_row.failed_gateway) AS failed,
    report_row.failed_caller,
    report_row.failed_credential,
    report_row.failed_provider,
    report_row.failed_gateway,
    report_row.exchanges,
    report_row.renewals,
    report_row.refresh_token_renewals
   FROM bursar.report_row;


--
-- Name: VIEW usage_daily; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON VIEW finance.usage_daily IS 'Usage by day, tenant, client, provider and environment.';


--
-- Name: COLUMN usage_daily.day; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_daily.day IS 'Day in the reporting zone.';


--
-- Name: COLUMN usage_daily.business_uuid; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_daily.business_uuid IS 'The tenant; null is unattributed: refused before a tenant was known, or a shared credential renewed by itself.';


--
-- Name: COLUMN usage_daily.tenant_name; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_daily.tenant_name IS 'The name that the tenant had then; unattributed where none was known.';


--
-- Name: COLUMN usage_daily.client_id; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_daily.client_id IS 'The merchant backend''s client; null where none was known, and for exchanges, which belong to no client.';


--
-- Name: COLUMN usage_daily.provider; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_daily.provider IS 'Provider profile id; null where none was known.';


--
-- Name: COLUMN usage_daily.environment; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_daily.environment IS 'sandbox or production; null where none was known.';


--
-- Name: COLUMN usage_daily.correction_of; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_daily.correction_of IS 'On a correction: the closed month that it corrects.';


--
-- Name: COLUMN usage_daily.reason; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_daily.reason IS 'On a correction: why it was made.';


--
-- Name: COLUMN usage_daily.answers; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_daily.answers IS 'Answers with status 200 that carried a provider token, scoped ones included: the sum of the answered_… columns.';


--
-- Name: COLUMN usage_daily.answered_memory; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_daily.answered_memory IS 'Answers from the cache.';


--
-- Name: COLUMN usage_daily.answered_store; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_daily.answered_store IS 'Answers from the database.';


--
-- Name: COLUMN usage_daily.answered_provider; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_daily.answered_provider IS 'Answers for which the provider was asked then.';


--
-- Name: COLUMN usage_daily.answered_scoped; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_daily.answered_scoped IS 'Answers with a token for one customer and invoice.';


--
-- Name: COLUMN usage_daily.refused; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_daily.refused IS 'Answers that refused: limited and refused_otherwise.';


--
-- Name: COLUMN usage_daily.limited; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_daily.limited IS 'Answers that refused because the tenant was over its limit.';


--
-- Name: COLUMN usage_daily.refused_otherwise; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_daily.refused_otherwise IS 'Answers that refused for another reason: wrong client, suspended, not allowed.';


--
-- Name: COLUMN usage_daily.failed; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_daily.failed IS 'Answers that failed, whoever is at fault: the sum of the failed_… columns.';


--
-- Name: COLUMN usage_daily.failed_caller; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_daily.failed_caller IS 'Answers that failed by the caller''s fault.';


--
-- Name: COLUMN usage_daily.failed_credential; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_daily.failed_credential IS 'Answers that failed because the provider rejected the stored credential.';


--
-- Name: COLUMN usage_daily.failed_provider; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_daily.failed_provider IS 'Answers that failed by the provider''s fault.';


--
-- Name: COLUMN usage_daily.failed_gateway; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_daily.failed_gateway IS 'Answers that failed by our own fault.';


--
-- Name: COLUMN usage_daily.exchanges; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_daily.exchanges IS 'Requests to the provider: full, refresh and scoped ones, failed ones included.';


--
-- Name: COLUMN usage_daily.renewals; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_daily.renewals IS 'Those of the exchanges that replaced a token.';


--
-- Name: COLUMN usage_daily.refresh_token_renewals; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_daily.refresh_token_renewals IS 'Those of the exchanges that used a refresh token.';


--
-- Name: usage_monthly; Type: VIEW; Schema: finance; Owner: -
--

CREATE VIEW finance.usage_monthly WITH (security_barrier='true') AS
 SELECT summed.month,
    NULLIF(summed.tenant_id, '00000000-0000-0000-0000-000000000000'::uuid) AS business_uuid,
    COALESCE(( SELECT tenant_name.name
           FROM bursar.tenant_name
          WHERE ((tenant_name.tenant_id = summed.tenant_id) AND (tenant_name.since < ((summed.month + '1 mon'::interval) AT TIME ZONE ( SELECT report_zone.zone
                   FROM bursar.report_zone))))
          ORDER BY tenant_name.since DESC
         LIMIT 1), 'unattributed'::text) AS tenant_name,
    NULLIF(summed.client_id, ''::text) AS client_id,
    NULLIF(summed.provider, ''::text) AS provider,
    NULLIF(summed.environment, ''::text) AS environment,
    summed.correction_of,
    (((summed.answered_memory + summed.answered_store) + summed.answered_provider) + summed.answered_scoped) AS answers,
    summed.answered_memory,
    summed.answered_store,
    summed.answered_provider,
    summed.answered_scoped,
    (summed.limited + summed.refused) AS refused,
    summed.limited,
    summed.refused AS refused_otherwise,
    (((summed.failed_caller + summed.failed_credential) + summed.failed_provider) + summed.failed_gateway) AS failed,
    summed.failed_caller,
    summed.failed_credential,
    summed.failed_provider,
    summed.failed_gateway,
    summed.exchanges,
    summed.renewals,
    summed.refresh_token_renewals
   FROM ( SELECT (date_trunc('month'::text, (report_row.day)::timestamp with time zone))::date AS month,
            report_row.tenant_id,
            report_row.client_id,
            report_row.provider,
            report_row.environment,
            report_row.correction_of,
            (sum(report_row.answered_memory))::bigint AS answered_memory,
            (sum(report_row.answered_store))::bigint AS answered_store,
            (sum(report_row.answered_provider))::bigint AS answered_provider,
            (sum(report_row.answered_scoped))::bigint AS answered_scoped,
            (sum(report_row.limited))::bigint AS limited,
            (sum(report_row.refused))::bigint AS refused,
            (sum(report_row.failed_caller))::bigint AS failed_caller,
            (sum(report_row.failed_credential))::bigint AS failed_credential,
            (sum(report_row.failed_provider))::bigint AS failed_provider,
            (sum(report_row.failed_gateway))::bigint AS failed_gateway,
            (sum(report_row.exchanges))::bigint AS exchanges,
            (sum(report_row.renewals))::bigint AS renewals,
            (sum(report_row.refresh_token_renewals))::bigint AS refresh_token_renewals
           FROM bursar.report_row
          GROUP BY ((date_trunc('month'::text, (report_row.day)::timestamp with time zone))::date), report_row.tenant_id, report_row.client_id, report_row.provider, report_row.environment, report_row.correction_of) summed;


--
-- Name: VIEW usage_monthly; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON VIEW finance.usage_monthly IS 'Usage by month, tenant, client, provider and environment.';


--
-- Name: COLUMN usage_monthly.month; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_monthly.month IS 'First day of the month in the reporting zone.';


--
-- Name: COLUMN usage_monthly.business_uuid; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_monthly.business_uuid IS 'The tenant; null is unattributed: refused before a tenant was known, or a shared credential renewed by itself.';


--
-- Name: COLUMN usage_monthly.tenant_name; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_monthly.tenant_name IS 'The name that the tenant had then; unattributed where none was known.';


--
-- Name: COLUMN usage_monthly.client_id; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_monthly.client_id IS 'The merchant backend''s client; null where none was known, and for exchanges, which belong to no client.';


--
-- Name: COLUMN usage_monthly.provider; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_monthly.provider IS 'Provider profile id; null where none was known.';


--
-- Name: COLUMN usage_monthly.environment; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_monthly.environment IS 'sandbox or production; null where none was known.';


--
-- Name: COLUMN usage_monthly.correction_of; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_monthly.correction_of IS 'On a correction: the closed month that it corrects.';


--
-- Name: COLUMN usage_monthly.answers; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_monthly.answers IS 'Answers with status 200 that carried a provider token, scoped ones included: the sum of the answered_… columns.';


--
-- Name: COLUMN usage_monthly.answered_memory; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_monthly.answered_memory IS 'Answers from the cache.';


--
-- Name: COLUMN usage_monthly.answered_store; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_monthly.answered_store IS 'Answers from the database.';


--
-- Name: COLUMN usage_monthly.answered_provider; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_monthly.answered_provider IS 'Answers for which the provider was asked then.';


--
-- Name: COLUMN usage_monthly.answered_scoped; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_monthly.answered_scoped IS 'Answers with a token for one customer and invoice.';


--
-- Name: COLUMN usage_monthly.refused; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_monthly.refused IS 'Answers that refused: limited and refused_otherwise.';


--
-- Name: COLUMN usage_monthly.limited; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_monthly.limited IS 'Answers that refused because the tenant was over its limit.';


--
-- Name: COLUMN usage_monthly.refused_otherwise; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_monthly.refused_otherwise IS 'Answers that refused for another reason: wrong client, suspended, not allowed.';


--
-- Name: COLUMN usage_monthly.failed; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_monthly.failed IS 'Answers that failed, whoever is at fault: the sum of the failed_… columns.';


--
-- Name: COLUMN usage_monthly.failed_caller; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_monthly.failed_caller IS 'Answers that failed by the caller''s fault.';


--
-- Name: COLUMN usage_monthly.failed_credential; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_monthly.failed_credential IS 'Answers that failed because the provider rejected the stored credential.';


--
-- Name: COLUMN usage_monthly.failed_provider; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_monthly.failed_provider IS 'Answers that failed by the provider''s fault.';


--
-- Name: COLUMN usage_monthly.failed_gateway; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_monthly.failed_gateway IS 'Answers that failed by our own fault.';


--
-- Name: COLUMN usage_monthly.exchanges; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_monthly.exchanges IS 'Requests to the provider: full, refresh and scoped ones, failed ones included.';


--
-- Name: COLUMN usage_monthly.renewals; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_monthly.renewals IS 'Those of the exchanges that replaced a token.';


--
-- Name: COLUMN usage_monthly.refresh_token_renewals; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_monthly.refresh_token_renewals IS 'Those of the exchanges that used a refresh token.';


--
-- Name: audit_verification; Type: VIEW; Schema: ops; Owner: -
--

CREATE VIEW ops.audit_verification WITH (security_barrier='true') AS
 SELECT audit_verification.verified_at,
    audit_verification.findings
   FROM bursar.audit_verification;


--
-- Name: VIEW audit_verification; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON VIEW ops.audit_verification IS 'What `bursar audit verify` found when it last went through everything; no row until it did.';


--
-- Name: COLUMN audit_verification.verified_at; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.audit_verification.verified_at IS 'When it had ended.';


--
-- Name: COLUMN audit_verification.findings; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.audit_verification.findings IS 'How many findings; 0: all of it is as written.';


--
-- Name: connection_health; Type: VIEW; Schema: ops; Owner: -
--

CREATE VIEW ops.connection_health WITH (security_barrier='true') AS
 SELECT connection.tenant_id AS business_uuid,
    tenant.name AS tenant_name,
    connection.provider,
    connection.environment,
    connection.credential_id,
    credential.state AS credential_state,
    connection.former_credential_id,
    kept.retires_at AS former_until,
    connection.next_credential_id,
    best.generation,
    best.issued_at,
    best.expires_at,
    best.failure_reason,
    best.failure_count,
    best.retry_at
   FROM ((((bursar.connection
     JOIN bursar.tenant USING (tenant_id))
     JOIN bursar.credential ON ((credential.credential_id = connection.credential_id)))
     LEFT JOIN bursar.credential kept ON ((kept.credential_id = connection.former_credential_id)))
     LEFT JOIN LATERAL ( SELECT token_slot.generation,
            token_slot.issued_at,
            token_slot.expires_at,
            token_slot.failure_reason,
            token_slot.failure_count,
            token_slot.retry_at
           FROM bursar.token_slot
          WHERE ((token_slot.owner_id = credential.owner_id) AND (token_slot.credential_id = credential.credential_id) AND (token_slot.credential_version = credential.version))
          ORDER BY token_slot.expires_at DESC NULLS LAST
         LIMIT 1) best ON (true));


--
-- Name: VIEW connection_health; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON VIEW ops.connection_health IS 'Every connection with its token''s end and its last failure.';


--
-- Name: COLUMN connection_health.business_uuid; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.connection_health.business_uuid IS 'The tenant.';


--
-- Name: COLUMN connection_health.tenant_name; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.connection_health.tenant_name IS 'The tenant''s name.';


--
-- Name: COLUMN connection_health.provider; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.connection_health.provider IS 'Provider profile id.';


--
-- Name: COLUMN connection_health.environment; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.connection_health.environment IS 'sandbox or production.';


--
-- Name: COLUMN connection_health.credential_id; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.connection_health.credential_id IS 'The credential in use.';


--
-- Name: COLUMN connection_health.credential_state; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.connection_health.credential_state IS 'pending, active or rejected.';


--
-- Name: COLUMN connection_health.former_credential_id; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.connection_health.former_credential_id IS 'The credential that it has replaced, which is kept: used when the provider rejects the one in use.';


--
-- Name: COLUMN connection_health.former_until; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.connection_health.former_until IS 'When the former credential is withdrawn.';


--
-- Name: COLUMN connection_health.next_credential_id; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.connection_health.next_credential_id IS 'A pending credential that waits to replace the one in use.';


--
-- Name: COLUMN connection_health.generation; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.connection_health.generation IS 'Generation of the stored token.';


--
-- Name: COLUMN connection_health.issued_at; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.connection_health.issued_at IS 'When the stored token was asked for.';


--
-- Name: COLUMN connection_health.expires_at; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.connection_health.expires_at IS 'When the stored token ends.';


--
-- Name: COLUMN connection_health.failure_reason; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.connection_health.failure_reason IS 'Why the last attempt failed; null after a success.';


--
-- Name: COLUMN connection_health.failure_count; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.connection_health.failure_count IS 'Attempts that failed in a row.';


--
-- Name: COLUMN connection_health.retry_at; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.connection_health.retry_at IS 'When the next attempt may be made.';


--
-- Name: refresh_hourly; Type: VIEW; Schema: ops; Owner: -
--

CREATE VIEW ops.refresh_hourly WITH (security_barrier='true') AS
 WITH merged AS (
         SELECT refresh_hour.hour,
            refresh_hour.provider,
            refresh_hour.environment,
            refresh_hour.step,
            refresh_hour.outcome,
            refresh_hour.bucket,
            (sum(refresh_hour.count))::bigint AS count,
            max(refresh_hour.max_us) AS max_us
           FROM bursar.refresh_hour
          GROUP BY refresh_hour.hour, refresh_hour.provider, refresh_hour.environment, refresh_hour.step, refresh_hour.outcome, refresh_hour.bucket
        ), cumulative AS (
         SELECT merged.hour,
            merged.provider,
            merged.environment,
            merged.step,
            merged.outcome,
            merged.bucket,
            merged.count,
            merged.max_us,
            sum(merged.count) OVER (key ORDER BY merged.bucket) AS reached,
            sum(merged.count) OVER key AS total
           FROM merged
          WINDOW key AS (PARTITION BY merged.hour, merged.provider, merged.environment, merged.step, merged.outcome)
        )
 SELECT cumulative.hour,
    cumulative.provider,
    cumulative.environment,
    cumulative.step,
    cumulative.outcome,
    (sum(cumulative.count))::bigint AS exchanges,
    max(cumulative.max_us) AS latency_max_us,
    bursar.latency_bound_us((min(cumulative.bucket) FILTER (WHERE (cumulative.reached >= (0.5 * cumulative.total))))::bigint) AS latency_p50_us,
    bursar.latency_bound_us((min(cumulative.bucket) FILTER (WHERE (cumulative.reached >= (0.95 * cumulative.total))))::bigint) AS latency_p95_us
   FROM cumulative
  GROUP BY cumulative.hour, cumulative.provider, cumulative.environment, cumulative.step, cumulative.outcome;


--
-- Name: VIEW refresh_hourly; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON VIEW ops.refresh_hourly IS 'Requests to providers by hour and outcome. Percentiles come from merged buckets and are at most 19 % above the exact ones.';


--
-- Name: COLUMN refresh_hourly.hour; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.refresh_hourly.hour IS 'Begin of the hour.';


--
-- Name: COLUMN refresh_hourly.provider; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.refresh_hourly.provider IS 'Provider profile id.';


--
-- Name: COLUMN refresh_hourly.environment; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.refresh_hourly.environment IS 'sandbox or production.';


--
-- Name: COLUMN refresh_hourly.step; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.refresh_hourly.step IS 'full, refresh or scoped.';


--
-- Name: COLUMN refresh_hourly.outcome; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.refresh_hourly.outcome IS 'ok, or the reason of the failure.';


--
-- Name: COLUMN refresh_hourly.exchanges; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.refresh_hourly.exchanges IS 'How many requests.';


--
-- Name: COLUMN refresh_hourly.latency_max_us; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.refresh_hourly.latency_max_us IS 'Longest latency in microseconds.';


--
-- Name: COLUMN refresh_hourly.latency_p50_us; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.refresh_hourly.latency_p50_us IS 'Median latency in microseconds.';


--
-- Name: COLUMN refresh_hourly.latency_p95_us; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.refresh_hourly.latency_p95_us IS '95th percentile of the latency in microseconds.';


--
-- Name: refresh_recent; Type: VIEW; Schema: ops; Owner: -
--

CREATE VIEW ops.refresh_recent WITH (security_barrier='true') AS
 SELECT refresh_event.at,
    refresh_event.tenant_id AS business_uuid,
    refresh_event.provider,
    refresh_event.environment,
    refresh_event.credential_id,
    refresh_event.cause,
    refresh_event.step,
    refresh_event.outcome,
    refresh_event.http_status,
    refresh_event.latency_us,
    refresh_event.lifetime_seconds,
    refresh_event.replica_id
   FROM bursar.refresh_event
  WHERE (refresh_event.at > (now() - '24:00:00'::interval));


--
-- Name: VIEW refresh_recent; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON VIEW ops.refresh_recent IS 'Every request to a provider of the last 24 hours.';


--
-- Name: COLUMN refresh_recent.at; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.refresh_recent.at IS 'When the request was sent.';


--
-- Name: COLUMN refresh_recent.business_uuid; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.refresh_recent.business_uuid IS 'The tenant for which it was sent; null when a shared credential renewed by itself.';


--
-- Name: COLUMN refresh_recent.provider; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.refresh_recent.provider IS 'Provider profile id.';


--
-- Name: COLUMN refresh_recent.environment; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.refresh_recent.environment IS 'sandbox or production.';


--
-- Name: COLUMN refresh_recent.credential_id; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.refresh_recent.credential_id IS 'The credential that was used.';


--
-- Name: COLUMN refresh_recent.cause; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.refresh_recent.cause IS 'cold, renewal, rejected (reported by a merchant) or keep_warm.';


--
-- Name: COLUMN refresh_recent.step; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.refresh_recent.step IS 'full (id and secret), refresh (refresh token) or scoped (second step).';


--
-- Name: COLUMN refresh_recent.outcome; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.refresh_recent.outcome IS 'ok, or the reason of the failure from the closed set.';


--
-- Name: COLUMN refresh_recent.http_status; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.refresh_recent.http_status IS 'Status of the provider''s reply; null when none came.';


--
-- Name: COLUMN refresh_recent.latency_us; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.refresh_recent.latency_us IS 'Microseconds from sending to the end of the reply.';


--
-- Name: COLUMN refresh_recent.lifetime_seconds; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.refresh_recent.lifetime_seconds IS 'Life of the token that it brought.';


--
-- Name: COLUMN refresh_recent.replica_id; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.refresh_recent.replica_id IS 'The gateway process that sent it.';


--
-- Name: replicas; Type: VIEW; Schema: ops; Owner: -
--

CREATE VIEW ops.replicas WITH (security_barrier='true') AS
 SELECT replica.replica_id,
    replica.name AS host,
    replica.program,
    replica.started_at,
    replica.heartbeat_at,
    replica.applied_version,
    config_version.version AS config_version,
    ((replica.share_millionths)::numeric / 1000000.0) AS share,
    replica.key_ids
   FROM (bursar.replica
     CROSS JOIN bursar.config_version);


--
-- Name: VIEW replicas; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON VIEW ops.replicas IS 'Every gateway that runs, or was heard within the last minute.';


--
-- Name: COLUMN replicas.replica_id; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.replicas.replica_id IS 'The process; another one after each start.';


--
-- Name: COLUMN replicas.host; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.replicas.host IS 'Name of its machine.';


--
-- Name: COLUMN replicas.program; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.replicas.program IS 'Version of the program.';


--
-- Name: COLUMN replicas.started_at; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.replicas.started_at IS 'When it was first heard.';


--
-- Name: COLUMN replicas.heartbeat_at; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.replicas.heartbeat_at IS 'When it was last heard; usually within the last second.';


--
-- Name: COLUMN replicas.applied_version; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.replicas.applied_version IS 'The configuration that it has applied; null before the first.';


--
-- Name: COLUMN replicas.config_version; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.replicas.config_version IS 'The latest configuration.';


--
-- Name: COLUMN replicas.share; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.replicas.share IS 'The part of every rate limit that it may grant by itself, 0 to 1.';


--
-- Name: COLUMN replicas.key_ids; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.replicas.key_ids IS 'Ids of the keys in its keyring.';


--
-- Name: tenant_health; Type: VIEW; Schema: ops; Owner: -
--

CREATE VIEW ops.tenant_health WITH (security_barrier='true') AS
 SELECT connection.tenant_id AS business_uuid,
    tenant.name AS tenant_name,
    tenant.state,
    connection.provider,
    connection.environment,
    connection.credential_id,
    credential.state AS credential_state,
        CASE
            WHEN (connection.former_credential_id IS NOT NULL) THEN 'overlap'::text
            WHEN (connection.next_credential_id IS NOT NULL) THEN 'pending'::text
            ELSE NULL::text
        END AS rotation,
    failing.since AS failing_since,
    failed.failure_reason,
        CASE
            WHEN (failed.failure_reason IS NULL) THEN NULL::text
            WHEN (failed.failure_reason = 'invalid_client'::text) THEN 'credential'::text
            WHEN (failed.failure_reason = ANY (ARRAY['address_refused'::text, 'profile_incomplete'::text, 'secret_unavailable'::text, 'overloaded'::text, 'superseded'::text, 'stopping'::text])) THEN 'gateway'::text
            ELSE 'provider'::text
        END AS fault,
    failed.failure_count,
    failed.retry_at,
    best.expires_at AS token_expires_at,
    COALESCE((best.expires_at > now()), false) AS has_good_token,
    COALESCE(usage.answers, (0)::bigint) AS answers_1h,
    COALESCE(usage.failed, (0)::bigint) AS failed_1h
   FROM ((((((bursar.connection
     JOIN bursar.tenant USING (tenant_id))
     JOIN bursar.credential ON ((credential.credential_id = connection.credential_id)))
     LEFT JOIN LATERAL ( SELECT slot.issued_at,
            slot.expires_at
           FROM (bursar.token_slot slot
             JOIN bursar.credential holder USING (owner_id, credential_id))
          WHERE ((slot.owner_id = credential.owner_id) AND (slot.credential_version = holder.version) AND (slot.credential_id = ANY (ARRAY[connection.credential_id, connection.former_credential_id])))
          ORDER BY slot.expires_at DESC NULLS LAST
         LIMIT 1) best ON (true))
     LEFT JOIN LATERAL ( SELECT slot.issued_at,
            slot.failure_reason,
            slot.failure_count,
            slot.retry_at
           FROM bursar.token_slot slot
          WHERE ((slot.owner_id = credential.owner_id) AND (slot.credential_id = credential.credential_id) AND (slot.credential_version = credential.version) AND (slot.failure_reason IS NOT NULL))
          ORDER BY slot.expires_at NULLS FIRST
         LIMIT 1) failed ON (true))
     LEFT JOIN LATERAL ( SELECT min(event.at) AS since
           FROM bursar.refresh_event event
          WHERE ((failed.failure_reason IS NOT NULL) AND (event.owner_id = credential.owner_id) AND (event.credential_id = credential.credential_id) AND (event.at > GREATEST(failed.issued_at, (now() - '7 days'::interval))) AND (event.fault IS NOT NULL) AND (event.step <> 'scoped'::text))) failing ON (true))
     LEFT JOIN ( SELECT usage_minute.tenant_id,
            usage_minute.provider,
            usage_minute.environment,
            (sum((((usage_minute.answered_memory + usage_minute.answered_store) + usage_minute.answered_provider) + usage_minute.answered_scoped)))::bigint AS answers,
            (sum((((usage_minute.failed_caller + usage_minute.failed_credential) + usage_minute.failed_provider) + usage_minute.failed_gateway)))::bigint AS failed
           FROM bursar.usage_minute
          WHERE (usage_minute.minute > (now() - '01:00:00'::interval))
          GROUP BY usage_minute.tenant_id, usage_minute.provider, usage_minute.environment) usage ON (((usage.tenant_id = connection.tenant_id) AND (usage.provider = connection.provider) AND (usage.environment = connection.environment))));


--
-- Name: VIEW tenant_health; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON VIEW ops.tenant_health IS 'Every connection: whether it fails, since when, whose fault it is, when its token ends, and what was asked of it in the last hour.';


--
-- Name: COLUMN tenant_health.business_uuid; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.tenant_health.business_uuid IS 'The tenant.';


--
-- Name: COLUMN tenant_health.tenant_name; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.tenant_health.tenant_name IS 'The tenant''s name.';


--
-- Name: COLUMN tenant_health.state; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.tenant_health.state IS 'active or suspended.';


--
-- Name: COLUMN tenant_health.provider; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.tenant_health.provider IS 'Provider profile id.';


--
-- Name: COLUMN tenant_health.environment; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.tenant_health.environment IS 'sandbox or production.';


--
-- Name: COLUMN tenant_health.credential_id; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.tenant_health.credential_id IS 'The credential in use.';


--
-- Name: COLUMN tenant_health.credential_state; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.tenant_health.credential_state IS 'pending, active or rejected.';


--
-- Name: COLUMN tenant_health.rotation; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.tenant_health.rotation IS 'pending: another credential waits to replace it; overlap: it has replaced one that is kept; null: neither.';


--
-- Name: COLUMN tenant_health.failing_since; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.tenant_health.failing_since IS 'The first failed request since the last token came, at most 7 days back; null when nothing fails, or when no request was sent.';


--
-- Name: COLUMN tenant_health.failure_reason; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.tenant_health.failure_reason IS 'Why the last attempt failed, of any of its tokens; null when none fails.';


--
-- Name: COLUMN tenant_health.fault; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.tenant_health.fault IS 'Who has to act on it: caller, credential, provider or gateway.';


--
-- Name: COLUMN tenant_health.failure_count; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.tenant_health.failure_count IS 'Attempts that failed in a row.';


--
-- Name: COLUMN tenant_health.retry_at; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.tenant_health.retry_at IS 'When the next attempt may be made.';


--
-- Name: COLUMN tenant_health.token_expires_at; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.tenant_health.token_expires_at IS 'When the stored token ends, of the credential in use or of the former one.';


--
-- Name: COLUMN tenant_health.has_good_token; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.tenant_health.has_good_token IS 'Whether it is good now: callers are served, whatever fails.';


--
-- Name: COLUMN tenant_health.answers_1h; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.tenant_health.answers_1h IS 'Answers of the last hour that carried a token.';


--
-- Name: COLUMN tenant_health.failed_1h; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON COLUMN ops.tenant_health.failed_1h IS 'Answers of the last hour that failed.';


--
-- Name: usage_minute_2026_11; Type: TABLE ATTACH; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.usage_minute ATTACH PARTITION bursar.usage_minute_2026_11 FOR VALUES FROM ('2026-11-01 00:00:00+00') TO ('2026-12-01 00:00:00+00');


--
-- Name: usage_minute_2026_12; Type: TABLE ATTACH; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.usage_minute ATTACH PARTITION bursar.usage_minute_2026_12 FOR VALUES FROM ('2026-12-01 00:00:00+00') TO ('2027-01-01 00:00:00+00');


--
-- Name: audit_anchor audit_anchor_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.audit_anchor
    ADD CONSTRAINT audit_anchor_pkey PRIMARY KEY (tenant_id, period);


--
-- Name: audit_event audit_event_is_chained; Type: CHECK CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE bursar.audit_event
    ADD CONSTRAINT audit_event_is_chained CHECK (((seq IS NOT NULL) AND (previous IS NOT NULL) AND (mac IS NOT NULL))) NOT VALID;


--
-- Name: audit_event audit_event_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.audit_event
    ADD CONSTRAINT audit_event_pkey PRIMARY KEY (tenant_id, event_id);


--
-- Name: audit_head audit_head_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.audit_head
    ADD CONSTRAINT audit_head_pkey PRIMARY KEY (tenant_id);


--
-- Name: audit_key audit_key_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.audit_key
    ADD CONSTRAINT audit_key_pkey PRIMARY KEY (version);


--
-- Name: audit_verification audit_verification_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.audit_verification
    ADD CONSTRAINT audit_verification_pkey PRIMARY KEY (only_row);


--
-- Name: client client_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.client
    ADD CONSTRAINT client_pkey PRIMARY KEY (client_id);


--
-- Name: client_tenant client_tenant_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.client_tenant
    ADD CONSTRAINT client_tenant_pkey PRIMARY KEY (tenant_id, client_id);


--
-- Name: config_change config_change_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.config_change
    ADD CONSTRAINT config_change_pkey PRIMARY KEY (version, kind, subject);


--
-- Name: config_version config_version_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.config_version
    ADD CONSTRAINT config_version_pkey PRIMARY KEY (singleton);


--
-- Name: connection connection_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.connection
    ADD CONSTRAINT connection_pkey PRIMARY KEY (tenant_id, provider, environment);


--
-- Name: credential credential_credential_id_key; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.credential
    ADD CONSTRAINT credential_credential_id_key UNIQUE (credential_id);


--
-- Name: credential credential_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.credential
    ADD CONSTRAINT credential_pkey PRIMARY KEY (owner_id, credential_id);


--
-- Name: data_key data_key_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.data_key
    ADD CONSTRAINT data_key_pkey PRIMARY KEY (owner_id, version);


--
-- Name: downtime_dirty downtime_dirty_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.downtime_dirty
    ADD CONSTRAINT downtime_dirty_pkey PRIMARY KEY (hour, directory_id, boot_id, sequence);


--
-- Name: downtime_hour downtime_hour_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.downtime_hour
    ADD CONSTRAINT downtime_hour_pkey PRIMARY KEY (tenant_id, hour, day, provider, environment, fault);


--
-- Name: key_policy key_policy_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.key_policy
    ADD CONSTRAINT key_policy_pkey PRIMARY KEY (only_row);


--
-- Name: pepper pepper_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.pepper
    ADD CONSTRAINT pepper_pkey PRIMARY KEY (version);


--
-- Name: period period_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.period
    ADD CONSTRAINT period_pkey PRIMARY KEY (period);


--
-- Name: quota quota_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.quota
    ADD CONSTRAINT quota_pkey PRIMARY KEY (tenant_id, replica_id);


--
-- Name: refresh_day refresh_day_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.refresh_day
    ADD CONSTRAINT refresh_day_pkey PRIMARY KEY (tenant_id, day, provider, environment, step, outcome, bucket);


--
-- Name: refresh_event refresh_event_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.refresh_event
    ADD CONSTRAINT refresh_event_pkey PRIMARY KEY (owner_id, at, event_id);


--
-- Name: refresh_hour refresh_hour_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.refresh_hour
    ADD CONSTRAINT refresh_hour_pkey PRIMARY KEY (hour, provider, environment, step, outcome, bucket);


--
-- Name: refresh_provider_day refresh_provider_day_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.refresh_provider_day
    ADD CONSTRAINT refresh_provider_day_pkey PRIMARY KEY (day, provider, environment, outcome, bucket);


--
-- Name: replica replica_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.replica
    ADD CONSTRAINT replica_pkey PRIMARY KEY (replica_id);


--
-- Name: report_zone report_zone_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.report_zone
    ADD CONSTRAINT report_zone_pkey PRIMARY KEY (only_row);


--
-- Name: schema_migration schema_migration_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.schema_migration
    ADD CONSTRAINT schema_migration_pkey PRIMARY KEY (name);


--
-- Name: tenant_name tenant_name_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.tenant_name
    ADD CONSTRAINT tenant_name_pkey PRIMARY KEY (tenant_id, since);


--
-- Name: tenant tenant_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.tenant
    ADD CONSTRAINT tenant_pkey PRIMARY KEY (tenant_id);


--
-- Name: token_slot token_slot_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.token_slot
    ADD CONSTRAINT token_slot_pkey PRIMARY KEY (owner_id, slot_digest);


--
-- Name: usage_batch usage_batch_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.usage_batch
    ADD CONSTRAINT usage_batch_pkey PRIMARY KEY (directory_id, boot_id, quarter);


--
-- Name: usage_correction usage_correction_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.usage_correction
    ADD CONSTRAINT usage_correction_pkey PRIMARY KEY (tenant_id, correction_id);


--
-- Name: usage_day usage_day_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.usage_day
    ADD CONSTRAINT usage_day_pkey PRIMARY KEY (tenant_id, day, client_id, provider, environment);


--
-- Name: usage_journal usage_journal_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.usage_journal
    ADD CONSTRAINT usage_journal_pkey PRIMARY KEY (directory_id, boot_id);


--
-- Name: usage_minute usage_minute_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.usage_minute
    ADD CONSTRAINT usage_minute_pkey PRIMARY KEY (tenant_id, minute, client_id, provider, environment);


--
-- Name: usage_minute_2026_11 usage_minute_2026_11_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.usage_minute_2026_11
    ADD CONSTRAINT usage_minute_2026_11_pkey PRIMARY KEY (tenant_id, minute, client_id, provider, environment);


--
-- Name: usage_minute_2026_12 usage_minute_2026_12_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.usage_minute_2026_12
    ADD CONSTRAINT usage_minute_2026_12_pkey PRIMARY KEY (tenant_id, minute, client_id, provider, environment);


--
-- Name: usage_month usage_month_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.usage_month
    ADD CONSTRAINT usage_month_pkey PRIMARY KEY (tenant_id, month, client_id, provider, environment);


--
-- Name: usage_snapshot usage_snapshot_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.usage_snapshot
    ADD CONSTRAINT usage_snapshot_pkey PRIMARY KEY (period, line);


--
-- Name: audit_anchor_by_period; Type: INDEX; Schema: bursar; Owner: -
--

CREATE INDEX audit_anchor_by_period ON bursar.audit_anchor USING btree (period, tenant_id);


--
-- Name: audit_event_begun; Type: INDEX; Schema: bursar; Owner: -
--

CREATE INDEX audit_event_begun ON bursar.audit_event USING btree (tenant_id) WHERE ((seq = 1) AND (previous <> decode(repeat('00'::text, 32), 'hex'::text)));


--
-- Name: audit_event_by_seq; Type: INDEX; Schema: bursar; Owner: -
--

CREATE UNIQUE INDEX audit_event_by_seq ON bursar.audit_event USING btree (tenant_id, seq);


--
-- Name: audit_event_by_time; Type: INDEX; Schema: bursar; Owner: -
--

CREATE INDEX audit_event_by_time ON bursar.audit_event USING btree (at);


--
-- Name: audit_event_unchained; Type: INDEX; Schema: bursar; Owner: -
--

CREATE INDEX audit_event_unchained ON bursar.audit_event USING btree (tenant_id) WHERE (seq IS NULL);


--
-- Name: client_tenant_by_client; Type: INDEX; Schema: bursar; Owner: -
--

CREATE INDEX client_tenant_by_client ON bursar.client_tenant USING btree (client_id);


--
-- Name: config_change_by_time; Type: INDEX; Schema: bursar; Owner: -
--

CREATE INDEX config_change_by_time ON bursar.config_change USING btree (at);


--
-- Name: connection_by_credential; Type: INDEX; Schema: bursar; Owner: -
--

CREATE INDEX connection_by_credential ON bursar.connection USING btree (credential_id);


--
-- Name: connection_by_former; Type: INDEX; Schema: bursar; Owner: -
--

CREATE INDEX connection_by_former ON bursar.connection USING btree (former_credential_id) WHERE (former_credential_id IS NOT NULL);


--
-- Name: connection_by_next; Type: INDEX; Schema: bursar; Owner: -
--

CREATE INDEX connection_by_next ON bursar.connection USING btree (next_credential_id) WHERE (next_credential_id IS NOT NULL);


--
-- Name: credential_by_retirement; Type: INDEX; Schema: bursar; Owner: -
--

CREATE INDEX credential_by_retirement ON bursar.credential USING btree (retires_at) WHERE (retires_at IS NOT NULL);


--
-- Name: data_key_by_kek; Type: INDEX; Schema: bursar; Owner: -
--

CREATE INDEX data_key_by_kek ON bursar.data_key USING btree (kek_id);


--
-- Name: downtime_hour_by_day; Type: INDEX; Schema: bursar; Owner: -
--

CREATE INDEX downtime_hour_by_day ON bursar.downtime_hour USING btree (day);


--
-- Name: downtime_hour_by_hour; Type: INDEX; Schema: bursar; Owner: -
--

CREATE INDEX downtime_hour_by_hour ON bursar.downtime_hour USING btree (hour);


--
-- Name: refresh_day_by_day; Type: INDEX; Schema: bursar; Owner: -
--

CREATE INDEX refresh_day_by_day ON bursar.refresh_day USING btree (day);


--
-- Name: refresh_event_by_credential; Type: INDEX; Schema: bursar; Owner: -
--

CREATE INDEX refresh_event_by_credential ON ONLY bursar.refresh_event USING btree (owner_id, credential_id, at);


--
-- Name: refresh_event_by_time; Type: INDEX; Schema: bursar; Owner: -
--

CREATE INDEX refresh_event_by_time ON ONLY bursar.refresh_event USING btree (at);


--
-- Name: refresh_event_failed; Type: INDEX; Schema: bursar; Owner: -
--

CREATE INDEX refresh_event_failed ON ONLY bursar.refresh_event USING btree (at) WHERE (fault IS NOT NULL);


--
-- Name: token_slot_by_credential; Type: INDEX; Schema: bursar; Owner: -
--

CREATE INDEX token_slot_by_credential ON bursar.token_slot USING btree (owner_id, credential_id);


--
-- Name: usage_batch_by_quarter; Type: INDEX; Schema: bursar; Owner: -
--

CREATE INDEX usage_batch_by_quarter ON bursar.usage_batch USING btree (quarter);


--
-- Name: usage_correction_by_day; Type: INDEX; Schema: bursar; Owner: -
--

CREATE INDEX usage_correction_by_day ON bursar.usage_correction USING btree (day);


--
-- Name: usage_correction_by_period; Type: INDEX; Schema: bursar; Owner: -
--

CREATE INDEX usage_correction_by_period ON bursar.usage_correction USING btree (corrects);


--
-- Name: usage_day_by_day; Type: INDEX; Schema: bursar; Owner: -
--

CREATE INDEX usage_day_by_day ON bursar.usage_day USING btree (day);


--
-- Name: usage_month_by_month; Type: INDEX; Schema: bursar; Owner: -
--

CREATE INDEX usage_month_by_month ON bursar.usage_month USING btree (month);


--
-- Name: usage_snapshot_by_day; Type: INDEX; Schema: bursar; Owner: -
--

CREATE INDEX usage_snapshot_by_day ON bursar.usage_snapshot USING btree (day);


--
-- Name: usage_minute_2026_11_pkey; Type: INDEX ATTACH; Schema: bursar; Owner: -
--

ALTER INDEX bursar.usage_minute_pkey ATTACH PARTITION bursar.usage_minute_2026_11_pkey;


--
-- Name: usage_minute_2026_12_pkey; Type: INDEX ATTACH; Schema: bursar; Owner: -
--

ALTER INDEX bursar.usage_minute_pkey ATTACH PARTITION bursar.usage_minute_2026_12_pkey;


--
-- Name: audit_anchor final; Type: TRIGGER; Schema: bursar; Owner: -
--

CREATE TRIGGER final BEFORE DELETE OR UPDATE OR TRUNCATE ON bursar.audit_anchor FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse_change();


--
-- Name: audit_event final; Type: TRIGGER; Schema: bursar; Owner: -
--

CREATE TRIGGER final BEFORE DELETE OR UPDATE OR TRUNCATE ON bursar.audit_event FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse_change();


--
-- Name: period final; Type: TRIGGER; Schema: bursar; Owner: -
--

CREATE TRIGGER final BEFORE DELETE OR UPDATE OR TRUNCATE ON bursar.period FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse_change();


--
-- Name: usage_correction final; Type: TRIGGER; Schema: bursar; Owner: -
--

CREATE TRIGGER final BEFORE DELETE OR UPDATE OR TRUNCATE ON bursar.usage_correction FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse_change();


--
-- Name: usage_day final; Type: TRIGGER; Schema: bursar; Owner: -
--

CREATE TRIGGER final BEFORE INSERT OR DELETE OR UPDATE ON bursar.usage_day FOR EACH ROW EXECUTE FUNCTION bursar.refuse_closed();


--
-- Name: usage_month final; Type: TRIGGER; Schema: bursar; Owner: -
--

CREATE TRIGGER final BEFORE INSERT OR DELETE OR UPDATE ON bursar.usage_month FOR EACH ROW EXECUTE FUNCTION bursar.refuse_closed();


--
-- Name: usage_snapshot final; Type: TRIGGER; Schema: bursar; Owner: -
--

CREATE TRIGGER final BEFORE DELETE OR UPDATE OR TRUNCATE ON bursar.usage_snapshot FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse_change();


--
-- Name: tenant keep_name; Type: TRIGGER; Schema: bursar; Owner: -
--

CREATE TRIGGER keep_name AFTER INSERT OR UPDATE OF name ON bursar.tenant FOR EACH ROW EXECUTE FUNCTION bursar.keep_tenant_name();


--
-- Name: audit_head kept; Type: TRIGGER; Schema: bursar; Owner: -
--

CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON bursar.audit_head FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse_change();


--
-- Name: audit_key kept; Type: TRIGGER; Schema: bursar; Owner: -
--

CREATE TRIGGER kept BEFORE DELETE OR TRUNCATE ON bursar.audit_key FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse_change();


--
-- Name: usage_day whole; Type: TRIGGER; Schema: bursar; Owner: -
--

CREATE TRIGGER whole BEFORE TRUNCATE ON bursar.usage_day FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse_change();


--
-- Name: usage_month whole; Type: TRIGGER; Schema: bursar; Owner: -
--

CREATE TRIGGER whole BEFORE TRUNCATE ON bursar.usage_month FOR EACH STATEMENT EXECUTE FUNCTION bursar.refuse_change();


--
-- Name: client client_pepper_version_fkey; Type: FK CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.client
    ADD CONSTRAINT client_pepper_version_fkey FOREIGN KEY (pepper_version) REFERENCES bursar.pepper(version);


--
-- Name: client_tenant client_tenant_client_id_fkey; Type: FK CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.client_tenant
    ADD CONSTRAINT client_tenant_client_id_fkey FOREIGN KEY (client_id) REFERENCES bursar.client(client_id) ON DELETE CASCADE;


--
-- Name: client_tenant client_tenant_tenant_id_fkey; Type: FK CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.client_tenant
    ADD CONSTRAINT client_tenant_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES bursar.tenant(tenant_id) ON DELETE CASCADE;


--
-- Name: connection connection_credential_id_fkey; Type: FK CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.connection
    ADD CONSTRAINT connection_credential_id_fkey FOREIGN KEY (credential_id) REFERENCES bursar.credential(credential_id);


--
-- Name: connection connection_former_credential_id_fkey; Type: FK CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.connection
    ADD CONSTRAINT connection_former_credential_id_fkey FOREIGN KEY (former_credential_id) REFERENCES bursar.credential(credential_id) ON DELETE SET NULL;


--
-- Name: connection connection_next_credential_id_fkey; Type: FK CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.connection
    ADD CONSTRAINT connection_next_credential_id_fkey FOREIGN KEY (next_credential_id) REFERENCES bursar.credential(credential_id) ON DELETE SET NULL;


--
-- Name: connection connection_tenant_id_fkey; Type: FK CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.connection
    ADD CONSTRAINT connection_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES bursar.tenant(tenant_id) ON DELETE CASCADE;


--
-- Name: credential credential_owner_id_secret_key_version_fkey; Type: FK CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.credential
    ADD CONSTRAINT credential_owner_id_secret_key_version_fkey FOREIGN KEY (owner_id, secret_key_version) REFERENCES bursar.data_key(owner_id, version);


--
-- Name: token_slot token_slot_owner_id_credential_id_fkey; Type: FK CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.token_slot
    ADD CONSTRAINT token_slot_owner_id_credential_id_fkey FOREIGN KEY (owner_id, credential_id) REFERENCES bursar.credential(owner_id, credential_id) ON DELETE CASCADE;


--
-- Name: token_slot token_slot_owner_id_key_version_fkey; Type: FK CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.token_slot
    ADD CONSTRAINT token_slot_owner_id_key_version_fkey FOREIGN KEY (owner_id, key_version) REFERENCES bursar.data_key(owner_id, version);


--
-- Name: usage_correction usage_correction_corrects_fkey; Type: FK CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.usage_correction
    ADD CONSTRAINT usage_correction_corrects_fkey FOREIGN KEY (corrects) REFERENCES bursar.period(period);


--
-- Name: SCHEMA bursar; Type: ACL; Schema: -; Owner: -
--

GRANT USAGE ON SCHEMA bursar TO bursar_gateway;


--
-- Name: SCHEMA finance; Type: ACL; Schema: -; Owner: -
--

GRANT USAGE ON SCHEMA finance TO bursar_finance;


--
-- Name: SCHEMA ops; Type: ACL; Schema: -; Owner: -
--

GRANT USAGE ON SCHEMA ops TO bursar_monitor;


--
-- Name: FUNCTION drop_old_partitions(today date); Type: ACL; Schema: bursar; Owner: -
--

REVOKE ALL ON FUNCTION bursar.drop_old_partitions(today date) FROM PUBLIC;
GRANT ALL ON FUNCTION bursar.drop_old_partitions(today date) TO bursar_gateway;


--
-- Name: FUNCTION ensure_partitions(day date); Type: ACL; Schema: bursar; Owner: -
--

REVOKE ALL ON FUNCTION bursar.ensure_partitions(day date) FROM PUBLIC;
GRANT ALL ON FUNCTION bursar.ensure_partitions(day date) TO bursar_gateway;


--
-- Name: FUNCTION exchange_quota(replica uuid, this_exchange bigint, tenants uuid[], asks bigint[], offers bigint[]); Type: ACL; Schema: bursar; Owner: -
--

REVOKE ALL ON FUNCTION bursar.exchange_quota(replica uuid, this_exchange bigint, tenants uuid[], asks bigint[], offers bigint[]) FROM PUBLIC;
GRANT ALL ON FUNCTION bursar.exchange_quota(replica uuid, this_exchange bigint, tenants uuid[], asks bigint[], offers bigint[]) TO bursar_gateway;


--
-- Name: FUNCTION heartbeat(its_id uuid, its_place uuid, its_name text, its_program text, its_keys text[], its_beat bigint, its_version bigint, its_share integer, OUT version bigint, OUT members integer, OUT live integer, OUT share integer, OUT clock timestamp with time zone); Type: ACL; Schema: bursar; Owner: -
--

REVOKE ALL ON FUNCTION bursar.heartbeat(its_id uuid, its_place uuid, its_name text, its_program text, its_keys text[], its_beat bigint, its_version bigint, its_share integer, OUT version bigint, OUT members integer, OUT live integer, OUT share integer, OUT clock timestamp with time zone) FROM PUBLIC;
GRANT ALL ON FUNCTION bursar.heartbeat(its_id uuid, its_place uuid, its_name text, its_program text, its_keys text[], its_beat bigint, its_version bigint, its_share integer, OUT version bigint, OUT members integer, OUT live integer, OUT share integer, OUT clock timestamp with time zone) TO bursar_gateway;


--
-- Name: TABLE audit_anchor; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT ON TABLE bursar.audit_anchor TO bursar_gateway;


--
-- Name: TABLE audit_event; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT ON TABLE bursar.audit_event TO bursar_gateway;


--
-- Name: TABLE audit_head; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT,UPDATE ON TABLE bursar.audit_head TO bursar_gateway;


--
-- Name: TABLE audit_key; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT,UPDATE ON TABLE bursar.audit_key TO bursar_gateway;


--
-- Name: TABLE audit_verification; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT,UPDATE ON TABLE bursar.audit_verification TO bursar_gateway;


--
-- Name: TABLE client; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE bursar.client TO bursar_gateway;


--
-- Name: TABLE client_tenant; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE bursar.client_tenant TO bursar_gateway;


--
-- Name: TABLE config_change; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE bursar.config_change TO bursar_gateway;


--
-- Name: TABLE config_version; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE bursar.config_version TO bursar_gateway;


--
-- Name: TABLE connection; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE bursar.connection TO bursar_gateway;


--
-- Name: TABLE credential; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE bursar.credential TO bursar_gateway;


--
-- Name: TABLE data_key; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE bursar.data_key TO bursar_gateway;


--
-- Name: TABLE downtime_hour; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE bursar.downtime_hour TO bursar_gateway;


--
-- Name: TABLE downtime_day; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT ON TABLE bursar.downtime_day TO bursar_gateway;


--
-- Name: TABLE downtime_dirty; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE bursar.downtime_dirty TO bursar_gateway;


--
-- Name: TABLE key_policy; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,UPDATE ON TABLE bursar.key_policy TO bursar_gateway;


--
-- Name: TABLE period; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT ON TABLE bursar.period TO bursar_gateway;


--
-- Name: TABLE report_zone; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT,UPDATE ON TABLE bursar.report_zone TO bursar_gateway;


--
-- Name: TABLE tenant_name; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT ON TABLE bursar.tenant_name TO bursar_gateway;


--
-- Name: TABLE usage_correction; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT ON TABLE bursar.usage_correction TO bursar_gateway;


--
-- Name: TABLE usage_day; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE bursar.usage_day TO bursar_gateway;


--
-- Name: TABLE open_row; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT ON TABLE bursar.open_row TO bursar_gateway;


--
-- Name: TABLE pepper; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE bursar.pepper TO bursar_gateway;


--
-- Name: TABLE quota; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE bursar.quota TO bursar_gateway;


--
-- Name: TABLE refresh_day; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE bursar.refresh_day TO bursar_gateway;


--
-- Name: TABLE refresh_event; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT ON TABLE bursar.refresh_event TO bursar_gateway;


--
-- Name: TABLE refresh_hour; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE bursar.refresh_hour TO bursar_gateway;


--
-- Name: TABLE refresh_provider_day; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE bursar.refresh_provider_day TO bursar_gateway;


--
-- Name: TABLE replica; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE bursar.replica TO bursar_gateway;


--
-- Name: TABLE usage_snapshot; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT ON TABLE bursar.usage_snapshot TO bursar_gateway;


--
-- Name: TABLE report_row; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT ON TABLE bursar.report_row TO bursar_gateway;


--
-- Name: TABLE schema_migration; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT ON TABLE bursar.schema_migration TO bursar_gateway;


--
-- Name: TABLE tenant; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE bursar.tenant TO bursar_gateway;


--
-- Name: TABLE token_slot; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE bursar.token_slot TO bursar_gateway;


--
-- Name: TABLE usage_batch; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT,UPDATE ON TABLE bursar.usage_batch TO bursar_gateway;


--
-- Name: TABLE usage_journal; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT,UPDATE ON TABLE bursar.usage_journal TO bursar_gateway;


--
-- Name: TABLE usage_minute; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT,UPDATE ON TABLE bursar.usage_minute TO bursar_gateway;


--
-- Name: TABLE usage_month; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE bursar.usage_month TO bursar_gateway;


--
-- Name: TABLE corrections; Type: ACL; Schema: finance; Owner: -
--

GRANT SELECT ON TABLE finance.corrections TO bursar_finance;


--
-- Name: TABLE downtime_daily; Type: ACL; Schema: finance; Owner: -
--

GRANT SELECT ON TABLE finance.downtime_daily TO bursar_finance;


--
-- Name: TABLE periods; Type: ACL; Schema: finance; Owner: -
--

GRANT SELECT ON TABLE finance.periods TO bursar_finance;


--
-- Name: TABLE refresh_daily; Type: ACL; Schema: finance; Owner: -
--

GRANT SELECT ON TABLE finance.refresh_daily TO bursar_finance;


--
-- Name: TABLE refresh_events; Type: ACL; Schema: finance; Owner: -
--

GRANT SELECT ON TABLE finance.refresh_events TO bursar_finance;


--
-- Name: TABLE usage_by_client; Type: ACL; Schema: finance; Owner: -
--

GRANT SELECT ON TABLE finance.usage_by_client TO bursar_finance;


--
-- Name: TABLE usage_by_provider; Type: ACL; Schema: finance; Owner: -
--

GRANT SELECT ON TABLE finance.usage_by_provider TO bursar_finance;


--
-- Name: TABLE usage_by_tenant; Type: ACL; Schema: finance; Owner: -
--

GRANT SELECT ON TABLE finance.usage_by_tenant TO bursar_finance;


--
-- Name: TABLE usage_daily; Type: ACL; Schema: finance; Owner: -
--

GRANT SELECT ON TABLE finance.usage_daily TO bursar_finance;


--
-- Name: TABLE usage_monthly; Type: ACL; Schema: finance; Owner: -
--

GRANT SELECT ON TABLE finance.usage_monthly TO bursar_finance;


--
-- Name: TABLE audit_verification; Type: ACL; Schema: ops; Owner: -
--

GRANT SELECT ON TABLE ops.audit_verification TO bursar_monitor;


--
-- Name: TABLE connection_health; Type: ACL; Schema: ops; Owner: -
--

GRANT SELECT ON TABLE ops.connection_health TO bursar_monitor;


--
-- Name: TABLE refresh_hourly; Type: ACL; Schema: ops; Owner: -
--

GRANT SELECT ON TABLE ops.refresh_hourly TO bursar_monitor;


--
-- Name: TABLE refresh_recent; Type: ACL; Schema: ops; Owner: -
--

GRANT SELECT ON TABLE ops.refresh_recent TO bursar_monitor;


--
-- Name: TABLE replicas; Type: ACL; Schema: ops; Owner: -
--

GRANT SELECT ON TABLE ops.replicas TO bursar_monitor;


--
-- Name: TABLE tenant_health; Type: ACL; Schema: ops; Owner: -
--

GRANT SELECT ON TABLE ops.tenant_health TO bursar_monitor;


--
-- PostgreSQL database dump complete
--



