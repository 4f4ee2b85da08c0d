-- What operators and dashboards read. Run again by `bursar migrate` whenever this file has changed; times are UTC.

DROP VIEW IF EXISTS ops.replicas, ops.tenant_health, ops.refresh_recent, ops.refresh_hourly, ops.connection_health,
    ops.audit_verification;

CREATE VIEW ops.refresh_recent WITH (security_barrier) AS
SELECT
    at, tenant_id AS business_uuid, provider, environment, credential_id, cause, step, outcome, http_status,
    latency_us, lifetime_seconds, replica_id
FROM bursar.refresh_event
WHERE at > now() - interval '24 hours';

COMMENT ON VIEW ops.refresh_recent IS 'Every request to a provider of the last 24 hours.';
COMMENT ON COLUMN ops.refresh_recent.at IS 'When the request was sent.';
COMMENT ON COLUMN ops.refresh_recent.business_uuid IS 'The tenant for which it was sent; null when a shared credential renewed by itself.';
COMMENT ON COLUMN ops.refresh_recent.provider IS 'Provider profile id.';
COMMENT ON COLUMN ops.refresh_recent.environment IS 'sandbox or production.';
COMMENT ON COLUMN ops.refresh_recent.credential_id IS 'The credential that was used.';
COMMENT ON COLUMN ops.refresh_recent.cause IS 'cold, renewal, rejected (reported by a merchant) or keep_warm.';
COMMENT ON COLUMN ops.refresh_recent.step IS 'full (id and secret), refresh (refresh token) or scoped (second step).';
COMMENT ON COLUMN ops.refresh_recent.outcome IS 'ok, or the reason of the failure from the closed set.';
COMMENT ON COLUMN ops.refresh_recent.http_status IS 'Status of the provider''s reply; null when none came.';
COMMENT ON COLUMN ops.refresh_recent.latency_us IS 'Microseconds from sending to the end of the reply.';
COMMENT ON COLUMN ops.refresh_recent.lifetime_seconds IS 'Life of the token that it brought.';
COMMENT ON COLUMN ops.refresh_recent.replica_id IS 'The gateway process that sent it.';

CREATE VIEW ops.refresh_hourly WITH (security_barrier) AS
WITH merged AS (
    SELECT hour, provider, environment, step, outcome, bucket, sum(count)::bigint AS count,
        max(max_us) AS max_us
    FROM bursar.refresh_hour
    GROUP BY hour, provider, environment, step, outcome, bucket
), cumulative AS (
    SELECT *, sum(count) OVER (key ORDER BY bucket) AS reached, sum(count) OVER key AS total
    FROM merged WINDOW key AS (PARTITION BY hour, provider, environment, step, outcome)
)
SELECT
    hour, provider, environment, step, outcome, sum(count)::bigint AS exchanges, max(max_us) AS latency_max_us,
    bursar.latency_bound_us(min(bucket) FILTER (WHERE reached >= 0.5 * total)) AS latency_p50_us,
    bursar.latency_bound_us(min(bucket) FILTER (WHERE reached >= 0.95 * total)) AS latency_p95_us
FROM cumulative
GROUP BY hour, provider, environment, step, outcome;

COMMENT ON VIEW ops.refresh_hourly IS 'Requests to providers by hour and outcome. Percentiles come from merged buckets and are at most 19 % above the exact ones.';
COMMENT ON COLUMN ops.refresh_hourly.hour IS 'Begin of the hour.';
COMMENT ON COLUMN ops.refresh_hourly.provider IS 'Provider profile id.';
COMMENT ON COLUMN ops.refresh_hourly.environment IS 'sandbox or production.';
COMMENT ON COLUMN ops.refresh_hourly.step IS 'full, refresh or scoped.';
COMMENT ON COLUMN ops.refresh_hourly.outcome IS 'ok, or the reason of the failure.';
COMMENT ON COLUMN ops.refresh_hourly.exchanges IS 'How many requests.';
COMMENT ON COLUMN ops.refresh_hourly.latency_max_us IS 'Longest latency in microseconds.';
COMMENT ON COLUMN ops.refresh_hourly.latency_p50_us IS 'Median latency in microseconds.';
COMMENT ON COLUMN ops.refresh_hourly.latency_p95_us IS '95th percentile of the latency in microseconds.';

CREATE VIEW ops.connection_health WITH (security_barrier) AS
SELECT
    connection.tenant_id AS business_uuid, tenant.name AS tenant_name, connection.provider,
    connection.environment, connection.credential_id, credential.state AS credential_state,
    connection.former_credential_id, kept.retires_at AS former_until, connection.next_credential_id,
    best.generation, best.issued_at, best.expires_at, best.failure_reason, best.failure_count, best.retry_at
FROM bursar.connection
JOIN bursar.tenant USING (tenant_id)
JOIN bursar.credential ON credential.credential_id = connection.credential_id
LEFT JOIN bursar.credential AS kept ON kept.credential_id = connection.former_credential_id
LEFT JOIN LATERAL (
    SELECT generation, issued_at, expires_at, failure_reason, failure_count, retry_at
    FROM bursar.token_slot
    WHERE token_slot.owner_id = credential.owner_id
        AND token_slot.credential_id = credential.credential_id
        AND token_slot.credential_version = credential.version
    ORDER BY expires_at DESC NULLS LAST
    LIMIT 1
) AS best ON true;

COMMENT ON VIEW ops.connection_health IS 'Every connection with its token''s end and its last failure.';
COMMENT ON COLUMN ops.connection_health.business_uuid IS 'The tenant.';
COMMENT ON COLUMN ops.connection_health.tenant_name IS 'The tenant''s name.';
COMMENT ON COLUMN ops.connection_health.provider IS 'Provider profile id.';
COMMENT ON COLUMN ops.connection_health.environment IS 'sandbox or production.';
COMMENT ON COLUMN ops.connection_health.credential_id IS 'The credential in use.';
COMMENT ON COLUMN ops.connection_health.credential_state IS 'pending, active or rejected.';
COMMENT ON COLUMN ops.connection_health.former_credential_id IS 'The credential that it has replaced, which is kept: used when the provider rejects the one in use.';
COMMENT ON COLUMN ops.connection_health.former_until IS 'When the former credential is withdrawn.';
COMMENT ON COLUMN ops.connection_health.next_credential_id IS 'A pending credential that waits to replace the one in use.';
COMMENT ON COLUMN ops.connection_health.generation IS 'Generation of the stored token.';
COMMENT ON COLUMN ops.connection_health.issued_at IS 'When the stored token was asked for.';
COMMENT ON COLUMN ops.connection_health.expires_at IS 'When the stored token ends.';
COMMENT ON COLUMN ops.connection_health.failure_reason IS 'Why the last attempt failed; null after a success.';
COMMENT ON COLUMN ops.connection_health.failure_count IS 'Attempts that failed in a row.';
COMMENT ON COLUMN ops.connection_health.retry_at IS 'When the next attempt may be made.';

CREATE VIEW ops.tenant_health WITH (security_barrier) AS
SELECT
    connection.tenant_id AS business_uuid, tenant.name AS tenant_name, tenant.state, connection.provider,
    connection.environment, connection.credential_id, credential.state AS credential_state,
    CASE
        WHEN connection.former_credential_id IS NOT NULL THEN 'overlap'
        WHEN connection.next_credential_id IS NOT NULL THEN 'pending'
    END AS rotation,
    failing.since AS failing_since, failed.failure_reason,
    CASE
        WHEN failed.failure_reason IS NULL THEN NULL
        WHEN failed.failure_reason = 'invalid_client' THEN 'credential'
        WHEN failed.failure_reason IN (
            'address_refused', 'profile_incomplete', 'secret_unavailable', 'overloaded', 'superseded', 'stopping')
            THEN 'gateway'
        ELSE 'provider'
    END AS fault,
    failed.failure_count, failed.retry_at, best.expires_at AS token_expires_at,
    coalesce(best.expires_at > now(), false) AS has_good_token,
    coalesce(usage.answers, 0) AS answers_1h, coalesce(usage.failed, 0) AS failed_1h
FROM bursar.connection
JOIN bursar.tenant USING (tenant_id)
JOIN bursar.credential ON credential.credential_id = connection.credential_id
LEFT JOIN LATERAL (
    SELECT issued_at, expires_at FROM bursar.token_slot AS slot
    JOIN bursar.credential AS holder USING (owner_id, credential_id)
    WHERE slot.owner_id = credential.owner_id AND slot.credential_version = holder.version
        AND slot.credential_id IN (connection.credential_id, connection.former_credential_id)
    ORDER BY expires_at DESC NULLS LAST LIMIT 1
) AS best ON true
LEFT JOIN LATERAL (
    SELECT issued_at, failure_reason, failure_count, retry_at FROM bursar.token_slot AS slot
    WHERE slot.owner_id = credential.owner_id AND slot.credential_id = credential.credential_id
        AND slot.credential_version = credential.version AND slot.failure_reason IS NOT NULL
    ORDER BY expires_at NULLS FIRST LIMIT 1
) AS failed ON true
LEFT JOIN LATERAL (
    SELECT min(at) AS since FROM bursar.refresh_event AS event
    WHERE failed.failure_reason IS NOT NULL
        AND event.owner_id = credential.owner_id AND event.credential_id = credential.credential_id
        AND event.at > greatest(failed.issued_at, now() - interval '7 days')
        AND event.fault IS NOT NULL AND event.step <> 'scoped'
) AS failing ON true
LEFT JOIN (
    SELECT
        tenant_id, provider, environment,
        sum(answered_memory + answered_store + answered_provider + answered_scoped)::bigint AS answers,
        sum(failed_caller + failed_credential + failed_provider + failed_gateway)::bigint AS failed
    FROM bursar.usage_minute
    WHERE minute > now() - interval '1 hour'
    GROUP BY tenant_id, provider, environment
) AS usage ON usage.tenant_id = connection.tenant_id
    AND usage.provider = connection.provider AND usage.environment = connection.environment;

COMMENT ON VIEW ops.tenant_health IS 'Every connection: whether it fails, since when, whose fault it is, when its token ends, and what was asked of it in the last hour.';
COMMENT ON COLUMN ops.tenant_health.business_uuid IS 'The tenant.';
COMMENT ON COLUMN ops.tenant_health.tenant_name IS 'The tenant''s name.';
COMMENT ON COLUMN ops.tenant_health.state IS 'active or suspended.';
COMMENT ON COLUMN ops.tenant_health.provider IS 'Provider profile id.';
COMMENT ON COLUMN ops.tenant_health.environment IS 'sandbox or production.';
COMMENT ON COLUMN ops.tenant_health.credential_id IS 'The credential in use.';
COMMENT ON COLUMN ops.tenant_health.credential_state IS 'pending, active or rejected.';
COMMENT ON COLUMN ops.tenant_health.rotation IS 'pending: another credential waits to replace it; overlap: it has replaced one that is kept; null: neither.';
COMMENT ON COLUMN ops.tenant_health.failing_since IS 'The first failed request since the last token came, at most 7 days back; null when nothing fails, or when no request was sent.';
COMMENT ON COLUMN ops.tenant_health.failure_reason IS 'Why the last attempt failed, of any of its tokens; null when none fails.';
COMMENT ON COLUMN ops.tenant_health.fault IS 'Who has to act on it: caller, credential, provider or gateway.';
COMMENT ON COLUMN ops.tenant_health.failure_count IS 'Attempts that failed in a row.';
COMMENT ON COLUMN ops.tenant_health.retry_at IS 'When the next attempt may be made.';
COMMENT ON COLUMN ops.tenant_health.token_expires_at IS 'When the stored token ends, of the credential in use or of the former one.';
COMMENT ON COLUMN ops.tenant_health.has_good_token IS 'Whether it is good now: callers are served, whatever fails.';
COMMENT ON COLUMN ops.tenant_health.answers_1h IS 'Answers of the last hour that carried a token.';
COMMENT ON COLUMN ops.tenant_health.failed_1h IS 'Answers of the last hour that failed.';

CREATE VIEW ops.replicas WITH (security_barrier) AS
SELECT
    replica_id, name AS host, program, started_at, heartbeat_at, applied_version,
    config_version.version AS config_version, share_millionths / 1000000.0 AS share, key_ids
FROM bursar.replica CROSS JOIN bursar.config_version;

COMMENT ON VIEW ops.replicas IS 'Every gateway that runs, or was heard within the last minute.';
COMMENT ON COLUMN ops.replicas.replica_id IS 'The process; another one after each start.';
COMMENT ON COLUMN ops.replicas.host IS 'Name of its machine.';
COMMENT ON COLUMN ops.replicas.program IS 'Version of the program.';
COMMENT ON COLUMN ops.replicas.started_at IS 'When it was first heard.';
COMMENT ON COLUMN ops.replicas.heartbeat_at IS 'When it was last heard; usually within the last second.';
COMMENT ON COLUMN ops.replicas.applied_version IS 'The configuration that it has applied; null before the first.';
COMMENT ON COLUMN ops.replicas.config_version IS 'The latest configuration.';
COMMENT ON COLUMN ops.replicas.share IS 'The part of every rate limit that it may grant by itself, 0 to 1.';
COMMENT ON COLUMN ops.replicas.key_ids IS 'Ids of the keys in its keyring.';

CREATE VIEW ops.audit_verification WITH (security_barrier) AS
SELECT verified_at, findings FROM bursar.audit_verification;

COMMENT ON VIEW ops.audit_verification IS 'What `bursar audit verify` found when it last went through everything; no row until it did.';
COMMENT ON COLUMN ops.audit_verification.verified_at IS 'When it had ended.';
COMMENT ON COLUMN ops.audit_verification.findings IS 'How many findings; 0: all of it is as written.';

GRANT USAGE ON SCHEMA ops TO bursar_monitor;
GRANT SELECT ON ALL TABLES IN SCHEMA ops TO bursar_monitor;
