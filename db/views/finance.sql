-- What finance reads. Run again by `bursar migrate` whenever this file has changed; times are UTC.

DROP VIEW IF EXISTS finance.usage_monthly, finance.usage_daily;

CREATE VIEW finance.usage_daily WITH (security_barrier) AS
WITH answered AS (
    SELECT
        (minute AT TIME ZONE 'UTC')::date AS day, tenant_id, client_id, provider, environment,
        coalesce(sum(count) FILTER (WHERE outcome LIKE 'answered%'), 0)::bigint AS answers,
        coalesce(sum(count) FILTER (WHERE outcome = 'limited' OR outcome = 'refused'), 0)::bigint AS refused,
        coalesce(sum(count) FILTER (WHERE outcome LIKE 'failed%'), 0)::bigint AS failed,
        0::bigint AS exchanges
    FROM bursar.usage_minute
    GROUP BY 1, 2, 3, 4, 5
), asked AS (
    SELECT
        (at AT TIME ZONE 'UTC')::date AS day,
        coalesce(tenant_id, '00000000-0000-0000-0000-000000000000') AS tenant_id,
        '' AS client_id, provider, environment,
        0::bigint AS answers, 0::bigint AS refused, 0::bigint AS failed, count(*)::bigint AS exchanges
    FROM bursar.refresh_event
    GROUP BY 1, 2, 3, 4, 5
)
SELECT
    day,
    nullif(both_sides.tenant_id, '00000000-0000-0000-0000-000000000000') AS business_uuid,
    tenant.name AS tenant_name,
    nullif(client_id, '') AS client_id,
    nullif(provider, '') AS provider,
    nullif(environment, '') AS environment,
    sum(answers)::bigint AS answers,
    sum(refused)::bigint AS refused,
    sum(failed)::bigint AS failed,
    sum(exchanges)::bigint AS exchanges
FROM (SELECT * FROM answered UNION ALL SELECT * FROM asked) AS both_sides
LEFT JOIN bursar.tenant USING (tenant_id)
GROUP BY day, both_sides.tenant_id, tenant.name, client_id, provider, environment;

COMMENT ON VIEW finance.usage_daily IS 'Usage by day (UTC), tenant, client, provider and environment.';
COMMENT ON COLUMN finance.usage_daily.day IS 'Day in UTC.';
COMMENT ON COLUMN finance.usage_daily.business_uuid IS 'The tenant; null is unattributed: refused before a tenant was known, or a shared credential renewed by itself.';
COMMENT ON COLUMN finance.usage_daily.tenant_name IS 'Present name of the tenant; null when it was deleted.';
COMMENT ON COLUMN finance.usage_daily.client_id IS 'The merchant backend''s client; null where none was known, and for exchanges, which belong to no client.';
COMMENT ON COLUMN finance.usage_daily.provider IS 'Provider profile id.';
COMMENT ON COLUMN finance.usage_daily.environment IS 'sandbox or production.';
COMMENT ON COLUMN finance.usage_daily.answers IS 'Answers with status 200 that carried a provider token, scoped ones included.';
COMMENT ON COLUMN finance.usage_daily.refused IS 'Answers that refused: over the limit, or not allowed.';
COMMENT ON COLUMN finance.usage_daily.failed IS 'Answers that failed, whoever is at fault.';
COMMENT ON COLUMN finance.usage_daily.exchanges IS 'Requests to the provider: full, refresh and scoped ones, failed ones included.';

CREATE VIEW finance.usage_monthly WITH (security_barrier) AS
SELECT
    date_trunc('month', day)::date AS month, business_uuid, tenant_name, client_id, provider, environment,
    sum(answers)::bigint AS answers, sum(refused)::bigint AS refused, sum(failed)::bigint AS failed,
    sum(exchanges)::bigint AS exchanges
FROM finance.usage_daily
GROUP BY 1, 2, 3, 4, 5, 6;

COMMENT ON VIEW finance.usage_monthly IS 'Usage by month (UTC), tenant, client, provider and environment.';
COMMENT ON COLUMN finance.usage_monthly.month IS 'First day of the month in UTC.';
COMMENT ON COLUMN finance.usage_monthly.business_uuid IS 'The tenant; null is unattributed.';
COMMENT ON COLUMN finance.usage_monthly.tenant_name IS 'Present name of the tenant; null when it was deleted.';
COMMENT ON COLUMN finance.usage_monthly.client_id IS 'The merchant backend''s client; null where none was known, and for exchanges.';
COMMENT ON COLUMN finance.usage_monthly.provider IS 'Provider profile id.';
COMMENT ON COLUMN finance.usage_monthly.environment IS 'sandbox or production.';
COMMENT ON COLUMN finance.usage_monthly.answers IS 'Answers with status 200 that carried a provider token, scoped ones included.';
COMMENT ON COLUMN finance.usage_monthly.refused IS 'Answers that refused: over the limit, or not allowed.';
COMMENT ON COLUMN finance.usage_monthly.failed IS 'Answers that failed, whoever is at fault.';
COMMENT ON COLUMN finance.usage_monthly.exchanges IS 'Requests to the provider: full, refresh and scoped ones, failed ones included.';

GRANT USAGE ON SCHEMA finance TO bursar_finance;
GRANT SELECT ON ALL TABLES IN SCHEMA finance TO bursar_finance;
