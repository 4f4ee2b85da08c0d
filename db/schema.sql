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
-- Name: ensure_partitions(date); Type: FUNCTION; Schema: bursar; Owner: -
--

CREATE FUNCTION bursar.ensure_partitions(day date) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER
    SET search_path TO 'pg_catalog', 'pg_temp'
    AS $$
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
$$;


SET default_tablespace = '';

SET default_table_access_method = heap;

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
    detail jsonb DEFAULT '{}'::jsonb NOT NULL
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
    CONSTRAINT connection_environment_check CHECK ((environment = ANY (ARRAY['sandbox'::text, 'production'::text])))
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
    CONSTRAINT credential_check CHECK (((secret_sealed IS NULL) = (secret_key_version IS NULL))),
    CONSTRAINT credential_check1 CHECK (((secret_sealed IS NULL) OR (secret_ref IS NULL))),
    CONSTRAINT credential_check2 CHECK (((state = 'pending'::text) OR ((provider_client_id IS NOT NULL) AND ((secret_sealed IS NOT NULL) OR (secret_ref IS NOT NULL))))),
    CONSTRAINT credential_environment_check CHECK ((environment = ANY (ARRAY['sandbox'::text, 'production'::text]))),
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
    CONSTRAINT refresh_event_cause_check CHECK ((cause = ANY (ARRAY['cold'::text, 'renewal'::text, 'rejected'::text, 'keep_warm'::text]))),
    CONSTRAINT refresh_event_latency_us_check CHECK ((latency_us >= 0)),
    CONSTRAINT refresh_event_step_check CHECK ((step = ANY (ARRAY['full'::text, 'refresh'::text, 'scoped'::text])))
)
PARTITION BY RANGE (at);


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
    CONSTRAINT token_slot_slot_digest_check CHECK ((length(slot_digest) = 32))
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
    outcome text NOT NULL,
    count bigint NOT NULL,
    CONSTRAINT usage_minute_count_check CHECK ((count > 0))
);


--
-- Name: usage_daily; Type: VIEW; Schema: finance; Owner: -
--

CREATE VIEW finance.usage_daily WITH (security_barrier='true') AS
 WITH answered AS (
         SELECT ((usage_minute.minute AT TIME ZONE 'UTC'::text))::date AS day,
            usage_minute.tenant_id,
            usage_minute.client_id,
            usage_minute.provider,
            usage_minute.environment,
            (COALESCE(sum(usage_minute.count) FILTER (WHERE (usage_minute.outcome ~~ 'answered%'::text)), (0)::numeric))::bigint AS answers,
            (COALESCE(sum(usage_minute.count) FILTER (WHERE ((usage_minute.outcome = 'limited'::text) OR (usage_minute.outcome = 'refused'::text))), (0)::numeric))::bigint AS refused,
            (COALESCE(sum(usage_minute.count) FILTER (WHERE (usage_minute.outcome ~~ 'failed%'::text)), (0)::numeric))::bigint AS failed,
            (0)::bigint AS exchanges
           FROM bursar.usage_minute
          GROUP BY (((usage_minute.minute AT TIME ZONE 'UTC'::text))::date), usage_minute.tenant_id, usage_minute.client_id, usage_minute.provider, usage_minute.environment
        ), asked AS (
         SELECT ((refresh_event.at AT TIME ZONE 'UTC'::text))::date AS day,
            COALESCE(refresh_event.tenant_id, '00000000-0000-0000-0000-000000000000'::uuid) AS tenant_id,
            ''::text AS client_id,
            refresh_event.provider,
            refresh_event.environment,
            (0)::bigint AS answers,
            (0)::bigint AS refused,
            (0)::bigint AS failed,
            count(*) AS exchanges
           FROM bursar.refresh_event
          GROUP BY (((refresh_event.at AT TIME ZONE 'UTC'::text))::date), COALESCE(refresh_event.tenant_id, '00000000-0000-0000-0000-000000000000'::uuid), ''::text, refresh_event.provider, refresh_event.environment
        )
 SELECT both_sides.day,
    NULLIF(both_sides.tenant_id, '00000000-0000-0000-0000-000000000000'::uuid) AS business_uuid,
    tenant.name AS tenant_name,
    NULLIF(both_sides.client_id, ''::text) AS client_id,
    NULLIF(both_sides.provider, ''::text) AS provider,
    NULLIF(both_sides.environment, ''::text) AS environment,
    (sum(both_sides.answers))::bigint AS answers,
    (sum(both_sides.refused))::bigint AS refused,
    (sum(both_sides.failed))::bigint AS failed,
    (sum(both_sides.exchanges))::bigint AS exchanges
   FROM (( SELECT answered.day,
            answered.tenant_id,
            answered.client_id,
            answered.provider,
            answered.environment,
            answered.answers,
            answered.refused,
            answered.failed,
            answered.exchanges
           FROM answered
        UNION ALL
         SELECT asked.day,
            asked.tenant_id,
            asked.client_id,
            asked.provider,
            asked.environment,
            asked.answers,
            asked.refused,
            asked.failed,
            asked.exchanges
           FROM asked) both_sides
     LEFT JOIN bursar.tenant USING (tenant_id))
  GROUP BY both_sides.day, both_sides.tenant_id, tenant.name, both_sides.client_id, both_sides.provider, both_sides.environment;


--
-- Name: VIEW usage_daily; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON VIEW finance.usage_daily IS 'Usage by day (UTC), tenant, client, provider and environment.';


--
-- Name: COLUMN usage_daily.day; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_daily.day IS 'Day in UTC.';


--
-- Name: COLUMN usage_daily.business_uuid; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_daily.business_uuid IS 'The tenant; null is unattributed: refused before a tenant was known, or a shared credential renewed by itself.';


--
-- Name: COLUMN usage_daily.tenant_name; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_daily.tenant_name IS 'Present name of the tenant; null when it was deleted.';


--
-- Name: COLUMN usage_daily.client_id; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_daily.client_id IS 'The merchant backend''s client; null where none was known, and for exchanges, which belong to no client.';


--
-- Name: COLUMN usage_daily.provider; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_daily.provider IS 'Provider profile id.';


--
-- Name: COLUMN usage_daily.environment; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_daily.environment IS 'sandbox or production.';


--
-- Name: COLUMN usage_daily.answers; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_daily.answers IS 'Answers with status 200 that carried a provider token, scoped ones included.';


--
-- Name: COLUMN usage_daily.refused; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_daily.refused IS 'Answers that refused: over the limit, or not allowed.';


--
-- Name: COLUMN usage_daily.failed; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_daily.failed IS 'Answers that failed, whoever is at fault.';


--
-- Name: COLUMN usage_daily.exchanges; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_daily.exchanges IS 'Requests to the provider: full, refresh and scoped ones, failed ones included.';


--
-- Name: usage_monthly; Type: VIEW; Schema: finance; Owner: -
--

CREATE VIEW finance.usage_monthly WITH (security_barrier='true') AS
 SELECT (date_trunc('month'::text, (usage_daily.day)::timestamp with time zone))::date AS month,
    usage_daily.business_uuid,
    usage_daily.tenant_name,
    usage_daily.client_id,
    usage_daily.provider,
    usage_daily.environment,
    (sum(usage_daily.answers))::bigint AS answers,
    (sum(usage_daily.refused))::bigint AS refused,
    (sum(usage_daily.failed))::bigint AS failed,
    (sum(usage_daily.exchanges))::bigint AS exchanges
   FROM finance.usage_daily
  GROUP BY ((date_trunc('month'::text, (usage_daily.day)::timestamp with time zone))::date), usage_daily.business_uuid, usage_daily.tenant_name, usage_daily.client_id, usage_daily.provider, usage_daily.environment;


--
-- Name: VIEW usage_monthly; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON VIEW finance.usage_monthly IS 'Usage by month (UTC), tenant, client, provider and environment.';


--
-- Name: COLUMN usage_monthly.month; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_monthly.month IS 'First day of the month in UTC.';


--
-- Name: COLUMN usage_monthly.business_uuid; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_monthly.business_uuid IS 'The tenant; null is unattributed.';


--
-- Name: COLUMN usage_monthly.tenant_name; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_monthly.tenant_name IS 'Present name of the tenant; null when it was deleted.';


--
-- Name: COLUMN usage_monthly.client_id; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_monthly.client_id IS 'The merchant backend''s client; null where none was known, and for exchanges.';


--
-- Name: COLUMN usage_monthly.provider; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_monthly.provider IS 'Provider profile id.';


--
-- Name: COLUMN usage_monthly.environment; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_monthly.environment IS 'sandbox or production.';


--
-- Name: COLUMN usage_monthly.answers; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_monthly.answers IS 'Answers with status 200 that carried a provider token, scoped ones included.';


--
-- Name: COLUMN usage_monthly.refused; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_monthly.refused IS 'Answers that refused: over the limit, or not allowed.';


--
-- Name: COLUMN usage_monthly.failed; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_monthly.failed IS 'Answers that failed, whoever is at fault.';


--
-- Name: COLUMN usage_monthly.exchanges; Type: COMMENT; Schema: finance; Owner: -
--

COMMENT ON COLUMN finance.usage_monthly.exchanges IS 'Requests to the provider: full, refresh and scoped ones, failed ones included.';


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
    best.generation,
    best.issued_at,
    best.expires_at,
    best.failure_reason,
    best.failure_count,
    best.retry_at
   FROM (((bursar.connection
     JOIN bursar.tenant USING (tenant_id))
     JOIN bursar.credential ON ((credential.credential_id = connection.credential_id)))
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

COMMENT ON COLUMN ops.connection_health.credential_state IS 'pending, active, retiring or rejected.';


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
 SELECT date_trunc('hour'::text, refresh_event.at) AS hour,
    refresh_event.provider,
    refresh_event.environment,
    refresh_event.step,
    refresh_event.outcome,
    count(*) AS exchanges,
    max(refresh_event.latency_us) AS latency_max_us,
    percentile_disc((0.5)::double precision) WITHIN GROUP (ORDER BY refresh_event.latency_us) AS latency_p50_us,
    percentile_disc((0.95)::double precision) WITHIN GROUP (ORDER BY refresh_event.latency_us) AS latency_p95_us
   FROM bursar.refresh_event
  GROUP BY (date_trunc('hour'::text, refresh_event.at)), refresh_event.provider, refresh_event.environment, refresh_event.step, refresh_event.outcome;


--
-- Name: VIEW refresh_hourly; Type: COMMENT; Schema: ops; Owner: -
--

COMMENT ON VIEW ops.refresh_hourly IS 'Requests to providers by hour and outcome, with latencies from the single events.';


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
-- Name: audit_event audit_event_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.audit_event
    ADD CONSTRAINT audit_event_pkey PRIMARY KEY (tenant_id, event_id);


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
-- Name: pepper pepper_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.pepper
    ADD CONSTRAINT pepper_pkey PRIMARY KEY (version);


--
-- Name: refresh_event refresh_event_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.refresh_event
    ADD CONSTRAINT refresh_event_pkey PRIMARY KEY (owner_id, at, event_id);


--
-- Name: schema_migration schema_migration_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.schema_migration
    ADD CONSTRAINT schema_migration_pkey PRIMARY KEY (name);


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
-- Name: usage_minute usage_minute_pkey; Type: CONSTRAINT; Schema: bursar; Owner: -
--

ALTER TABLE ONLY bursar.usage_minute
    ADD CONSTRAINT usage_minute_pkey PRIMARY KEY (tenant_id, minute, client_id, provider, environment, outcome);


--
-- Name: audit_event_by_time; Type: INDEX; Schema: bursar; Owner: -
--

CREATE INDEX audit_event_by_time ON bursar.audit_event USING btree (at);


--
-- Name: client_tenant_by_client; Type: INDEX; Schema: bursar; Owner: -
--

CREATE INDEX client_tenant_by_client ON bursar.client_tenant USING btree (client_id);


--
-- Name: connection_by_credential; Type: INDEX; Schema: bursar; Owner: -
--

CREATE INDEX connection_by_credential ON bursar.connection USING btree (credential_id);


--
-- Name: data_key_by_kek; Type: INDEX; Schema: bursar; Owner: -
--

CREATE INDEX data_key_by_kek ON bursar.data_key USING btree (kek_id);


--
-- Name: refresh_event_by_time; Type: INDEX; Schema: bursar; Owner: -
--

CREATE INDEX refresh_event_by_time ON ONLY bursar.refresh_event USING btree (at);


--
-- Name: token_slot_by_credential; Type: INDEX; Schema: bursar; Owner: -
--

CREATE INDEX token_slot_by_credential ON bursar.token_slot USING btree (owner_id, credential_id);


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
-- Name: FUNCTION ensure_partitions(day date); Type: ACL; Schema: bursar; Owner: -
--

REVOKE ALL ON FUNCTION bursar.ensure_partitions(day date) FROM PUBLIC;
GRANT ALL ON FUNCTION bursar.ensure_partitions(day date) TO bursar_gateway;


--
-- Name: TABLE audit_event; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT ON TABLE bursar.audit_event TO bursar_gateway;


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
-- Name: TABLE pepper; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT,DELETE,UPDATE ON TABLE bursar.pepper TO bursar_gateway;


--
-- Name: TABLE refresh_event; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT ON TABLE bursar.refresh_event TO bursar_gateway;


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
-- Name: TABLE usage_minute; Type: ACL; Schema: bursar; Owner: -
--

GRANT SELECT,INSERT,UPDATE ON TABLE bursar.usage_minute TO bursar_gateway;


--
-- Name: TABLE usage_daily; Type: ACL; Schema: finance; Owner: -
--

GRANT SELECT ON TABLE finance.usage_daily TO bursar_finance;


--
-- Name: TABLE usage_monthly; Type: ACL; Schema: finance; Owner: -
--

GRANT SELECT ON TABLE finance.usage_monthly TO bursar_finance;


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
-- PostgreSQL database dump complete
--



