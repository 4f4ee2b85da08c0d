-- What finance reads. Run again by `bursar migrate` whenever this file has changed. Days and months are those of
-- the reporting zone; closed months come from their snapshot and never change.

DROP VIEW IF EXISTS
    finance.usage_monthly, finance.usage_daily, finance.usage_by_tenant, finance.usage_by_provider,
    finance.usage_by_client, finance.corrections, finance.periods, finance.refresh_daily,
    finance.downtime_daily, finance.refresh_events, bursar.report_row,
    bursar.open_row;

-- The rows of months that are not closed. Not for people: the views of finance are.
CREATE VIEW bursar.open_row AS
SELECT
    day, tenant_id,
    coalesce(
        (SELECT name FROM bursar.tenant_name
            WHERE tenant_name.tenant_id = usage_day.tenant_id
                AND since < (day + 1)::timestamp AT TIME ZONE (SELECT zone FROM bursar.report_zone)
            ORDER BY since DESC LIMIT 1), 'unattributed') AS tenant_name,
    client_id, provider, environment, NULL::text AS correction_of, NULL::text AS reason,
    answered_memory, answered_store, answered_provider, answered_scoped, limited, refused, failed_caller,
    failed_credential, failed_provider, failed_gateway, exchanges, renewals, refresh_token_renewals
FROM bursar.usage_day
WHERE date_trunc('month', day)::date NOT IN (SELECT first_day FROM bursar.period)
UNION ALL
SELECT
    day, tenant_id,
    coalesce(
        (SELECT name FROM bursar.tenant_name
            WHERE tenant_name.tenant_id = usage_correction.tenant_id
                AND since < (day + 1)::timestamp AT TIME ZONE (SELECT zone FROM bursar.report_zone)
            ORDER BY since DESC LIMIT 1), 'unattributed'),
    client_id, provider, environment, corrects, reason,
    answered_memory, answered_store, answered_provider, answered_scoped, limited, refused, failed_caller,
    failed_credential, failed_provider, failed_gateway, exchanges, renewals, refresh_token_renewals
FROM bursar.usage_correction
WHERE date_trunc('month', day)::date NOT IN (SELECT first_day FROM bursar.period);
COMMENT ON VIEW bursar.open_row IS 'Rows of months that are not closed yet.';
GRANT SELECT ON bursar.open_row TO bursar_gateway;

-- Every row of every report, closed months from their snapshot. Not for people: the views below are.
CREATE VIEW bursar.report_row AS
SELECT
    day, tenant_id, tenant_name, client_id, provider, environment, correction_of, reason,
    answered_memory, answered_store, answered_provider, answered_scoped, limited, refused, failed_caller,
    failed_credential, failed_provider, failed_gateway, exchanges, renewals, refresh_token_renewals
FROM bursar.usage_snapshot
UNION ALL
SELECT * FROM bursar.open_row;
COMMENT ON VIEW bursar.report_row IS 'Every row of every report; the views of the schema finance are made of it.';
GRANT SELECT ON bursar.report_row TO bursar_gateway;

CREATE VIEW finance.usage_daily WITH (security_barrier) AS
SELECT
    day, nullif(tenant_id, '00000000-0000-0000-0000-000000000000') AS business_uuid, tenant_name,
    nullif(client_id, '') AS client_id, nullif(provider, '') AS provider,
    nullif(environment, '') AS environment, correction_of, reason,
    answered_memory + answered_store + answered_provider + answered_scoped AS answers,
    answered_memory,
    answered_store,
    answered_provider,
    answered_scoped,
    limited + refused AS refused,
    limited,
    refused AS refused_otherwise,
    failed_caller + failed_credential + failed_provider + failed_gateway AS failed,
    failed_caller,
    failed_credential,
    failed_provider,
    failed_gateway,
    exchanges,
    renewals,
    refresh_token_renewals
FROM bursar.report_row;

COMMENT ON VIEW finance.usage_daily IS 'Usage by day, tenant, client, provider and environment.';
COMMENT ON COLUMN finance.usage_daily.day IS 'Day in the reporting zone.';
COMMENT ON COLUMN finance.usage_daily.business_uuid IS 'The tenant; null is unattributed: refused before a tenant was known, or a shared credential renewed by itself.';
COMMENT ON COLUMN finance.usage_daily.tenant_name IS 'The name that the tenant had then; unattributed where none was known.';
COMMENT ON COLUMN finance.usage_daily.client_id IS 'The merchant backend''s client; null where none was known, and for exchanges, which belong to no client.';
COMMENT ON COLUMN finance.usage_daily.provider IS 'Provider profile id; null where none was known.';
COMMENT ON COLUMN finance.usage_daily.environment IS 'sandbox or production; null where none was known.';
COMMENT ON COLUMN finance.usage_daily.correction_of IS 'On a correction: the closed month that it corrects.';
COMMENT ON COLUMN finance.usage_daily.reason IS 'On a correction: why it was made.';
COMMENT ON COLUMN finance.usage_daily.answers IS 'Answers with status 200 that carried a provider token, scoped ones included: the sum of the answered_… columns.';
COMMENT ON COLUMN finance.usage_daily.answered_memory IS 'Answers from the cache.';
COMMENT ON COLUMN finance.usage_daily.answered_store IS 'Answers from the database.';
COMMENT ON COLUMN finance.usage_daily.answered_provider IS 'Answers for which the provider was asked then.';
COMMENT ON COLUMN finance.usage_daily.answered_scoped IS 'Answers with a token for one customer and invoice.';
COMMENT ON COLUMN finance.usage_daily.refused IS 'Answers that refused: limited and refused_otherwise.';
COMMENT ON COLUMN finance.usage_daily.limited IS 'Answers that refused because the tenant was over its limit.';
COMMENT ON COLUMN finance.usage_daily.refused_otherwise IS 'Answers that refused for another reason: wrong client, suspended, not allowed.';
COMMENT ON COLUMN finance.usage_daily.failed IS 'Answers that failed, whoever is at fault: the sum of the failed_… columns.';
COMMENT ON COLUMN finance.usage_daily.failed_caller IS 'Answers that failed by the caller''s fault.';
COMMENT ON COLUMN finance.usage_daily.failed_credential IS 'Answers that failed because the provider rejected the stored credential.';
COMMENT ON COLUMN finance.usage_daily.failed_provider IS 'Answers that failed by the provider''s fault.';
COMMENT ON COLUMN finance.usage_daily.failed_gateway IS 'Answers that failed by our own fault.';
COMMENT ON COLUMN finance.usage_daily.exchanges IS 'Requests to the provider: full, refresh and scoped ones, failed ones included.';
COMMENT ON COLUMN finance.usage_daily.renewals IS 'Those of the exchanges that replaced a token.';
COMMENT ON COLUMN finance.usage_daily.refresh_token_renewals IS 'Those of the exchanges that used a refresh token.';

CREATE VIEW finance.usage_monthly WITH (security_barrier) AS
SELECT
    month,
    nullif(tenant_id, '00000000-0000-0000-0000-000000000000') AS business_uuid,
    coalesce(
        (SELECT name FROM bursar.tenant_name
            WHERE tenant_name.tenant_id = summed.tenant_id
                AND since < (month + interval '1 month')::timestamp AT TIME ZONE (SELECT zone FROM bursar.report_zone)
            ORDER BY since DESC LIMIT 1), 'unattributed') AS tenant_name,
    nullif(client_id, '') AS client_id,
    nullif(provider, '') AS provider,
    nullif(environment, '') AS environment,
    correction_of,
    answered_memory + answered_store + answered_provider + answered_scoped AS answers,
    answered_memory,
    answered_store,
    answered_provider,
    answered_scoped,
    limited + refused AS refused,
    limited,
    refused AS refused_otherwise,
    failed_caller + failed_credential + failed_provider + failed_gateway AS failed,
    failed_caller,
    failed_credential,
    failed_provider,
    failed_gateway,
    exchanges,
    renewals,
    refresh_token_renewals
FROM (
    SELECT date_trunc('month', day)::date AS month, tenant_id, client_id, provider, environment, correction_of,
        sum(answered_memory)::bigint AS answered_memory,
        sum(answered_store)::bigint AS answered_store,
        sum(answered_provider)::bigint AS answered_provider,
        sum(answered_scoped)::bigint AS answered_scoped,
        sum(limited)::bigint AS limited,
        sum(refused)::bigint AS refused,
        sum(failed_caller)::bigint AS failed_caller,
        sum(failed_credential)::bigint AS failed_credential,
        sum(failed_provider)::bigint AS failed_provider,
        sum(failed_gateway)::bigint AS failed_gateway,
        sum(exchanges)::bigint AS exchanges,
        sum(renewals)::bigint AS renewals,
        sum(refresh_token_renewals)::bigint AS refresh_token_renewals
    FROM bursar.report_row
    GROUP BY 1, tenant_id, client_id, provider, environment, correction_of) AS summed;

COMMENT ON VIEW finance.usage_monthly IS 'Usage by month, tenant, client, provider and environment.';
COMMENT ON COLUMN finance.usage_monthly.month IS 'First day of the month in the reporting zone.';
COMMENT ON COLUMN finance.usage_monthly.business_uuid IS 'The tenant; null is unattributed: refused before a tenant was known, or a shared credential renewed by itself.';
COMMENT ON COLUMN finance.usage_monthly.tenant_name IS 'The name that the tenant had then; unattributed where none was known.';
COMMENT ON COLUMN finance.usage_monthly.client_id IS 'The merchant backend''s client; null where none was known, and for exchanges, which belong to no client.';
COMMENT ON COLUMN finance.usage_monthly.provider IS 'Provider profile id; null where none was known.';
COMMENT ON COLUMN finance.usage_monthly.environment IS 'sandbox or production; null where none was known.';
COMMENT ON COLUMN finance.usage_monthly.correction_of IS 'On a correction: the closed month that it corrects.';
COMMENT ON COLUMN finance.usage_monthly.answers IS 'Answers with status 200 that carried a provider token, scoped ones included: the sum of the answered_… columns.';
COMMENT ON COLUMN finance.usage_monthly.answered_memory IS 'Answers from the cache.';
COMMENT ON COLUMN finance.usage_monthly.answered_store IS 'Answers from the database.';
COMMENT ON COLUMN finance.usage_monthly.answered_provider IS 'Answers for which the provider was asked then.';
COMMENT ON COLUMN finance.usage_monthly.answered_scoped IS 'Answers with a token for one customer and invoice.';
COMMENT ON COLUMN finance.usage_monthly.refused IS 'Answers that refused: limited and refused_otherwise.';
COMMENT ON COLUMN finance.usage_monthly.limited IS 'Answers that refused because the tenant was over its limit.';
COMMENT ON COLUMN finance.usage_monthly.refused_otherwise IS 'Answers that refused for another reason: wrong client, suspended, not allowed.';
COMMENT ON COLUMN finance.usage_monthly.failed IS 'Answers that failed, whoever is at fault: the sum of the failed_… columns.';
COMMENT ON COLUMN finance.usage_monthly.failed_caller IS 'Answers that failed by the caller''s fault.';
COMMENT ON COLUMN finance.usage_monthly.failed_credential IS 'Answers that failed because the provider rejected the stored credential.';
COMMENT ON COLUMN finance.usage_monthly.failed_provider IS 'Answers that failed by the provider''s fault.';
COMMENT ON COLUMN finance.usage_monthly.failed_gateway IS 'Answers that failed by our own fault.';
COMMENT ON COLUMN finance.usage_monthly.exchanges IS 'Requests to the provider: full, refresh and scoped ones, failed ones included.';
COMMENT ON COLUMN finance.usage_monthly.renewals IS 'Those of the exchanges that replaced a token.';
COMMENT ON COLUMN finance.usage_monthly.refresh_token_renewals IS 'Those of the exchanges that used a refresh token.';

CREATE VIEW finance.usage_by_tenant WITH (security_barrier) AS
SELECT
    month,
    nullif(tenant_id, '00000000-0000-0000-0000-000000000000') AS business_uuid,
    coalesce(
        (SELECT name FROM bursar.tenant_name
            WHERE tenant_name.tenant_id = summed.tenant_id
                AND since < (month + interval '1 month')::timestamp AT TIME ZONE (SELECT zone FROM bursar.report_zone)
            ORDER BY since DESC LIMIT 1), 'unattributed') AS tenant_name,
    correction_of,
    answered_memory + answered_store + answered_provider + answered_scoped AS answers,
    answered_memory,
    answered_store,
    answered_provider,
    answered_scoped,
    limited + refused AS refused,
    limited,
    refused AS refused_otherwise,
    failed_caller + failed_credential + failed_provider + failed_gateway AS failed,
    failed_caller,
    failed_credential,
    failed_provider,
    failed_gateway,
    exchanges,
    renewals,
    refresh_token_renewals
FROM (
    SELECT date_trunc('month', day)::date AS month, tenant_id, correction_of,
        sum(answered_memory)::bigint AS answered_memory,
        sum(answered_store)::bigint AS answered_store,
        sum(answered_provider)::bigint AS answered_provider,
        sum(answered_scoped)::bigint AS answered_scoped,
        sum(limited)::bigint AS limited,
        sum(refused)::bigint AS refused,
        sum(failed_caller)::bigint AS failed_caller,
        sum(failed_credential)::bigint AS failed_credential,
        sum(failed_provider)::bigint AS failed_provider,
        sum(failed_gateway)::bigint AS failed_gateway,
        sum(exchanges)::bigint AS exchanges,
        sum(renewals)::bigint AS renewals,
        sum(refresh_token_renewals)::bigint AS refresh_token_renewals
    FROM bursar.report_row
    GROUP BY 1, tenant_id, correction_of) AS summed;

COMMENT ON VIEW finance.usage_by_tenant IS 'Usage by month and tenant.';
COMMENT ON COLUMN finance.usage_by_tenant.month IS 'First day of the month in the reporting zone.';
COMMENT ON COLUMN finance.usage_by_tenant.business_uuid IS 'The tenant; null is unattributed: refused before a tenant was known, or a shared credential renewed by itself.';
COMMENT ON COLUMN finance.usage_by_tenant.tenant_name IS 'The name that the tenant had then; unattributed where none was known.';
COMMENT ON COLUMN finance.usage_by_tenant.correction_of IS 'On a correction: the closed month that it corrects.';
COMMENT ON COLUMN finance.usage_by_tenant.answers IS 'Answers with status 200 that carried a provider token, scoped ones included: the sum of the answered_… columns.';
COMMENT ON COLUMN finance.usage_by_tenant.answered_memory IS 'Answers from the cache.';
COMMENT ON COLUMN finance.usage_by_tenant.answered_store IS 'Answers from the database.';
COMMENT ON COLUMN finance.usage_by_tenant.answered_provider IS 'Answers for which the provider was asked then.';
COMMENT ON COLUMN finance.usage_by_tenant.answered_scoped IS 'Answers with a token for one customer and invoice.';
COMMENT ON COLUMN finance.usage_by_tenant.refused IS 'Answers that refused: limited and refused_otherwise.';
COMMENT ON COLUMN finance.usage_by_tenant.limited IS 'Answers that refused because the tenant was over its limit.';
COMMENT ON COLUMN finance.usage_by_tenant.refused_otherwise IS 'Answers that refused for another reason: wrong client, suspended, not allowed.';
COMMENT ON COLUMN finance.usage_by_tenant.failed IS 'Answers that failed, whoever is at fault: the sum of the failed_… columns.';
COMMENT ON COLUMN finance.usage_by_tenant.failed_caller IS 'Answers that failed by the caller''s fault.';
COMMENT ON COLUMN finance.usage_by_tenant.failed_credential IS 'Answers that failed because the provider rejected the stored credential.';
COMMENT ON COLUMN finance.usage_by_tenant.failed_provider IS 'Answers that failed by the provider''s fault.';
COMMENT ON COLUMN finance.usage_by_tenant.failed_gateway IS 'Answers that failed by our own fault.';
COMMENT ON COLUMN finance.usage_by_tenant.exchanges IS 'Requests to the provider: full, refresh and scoped ones, failed ones included.';
COMMENT ON COLUMN finance.usage_by_tenant.renewals IS 'Those of the exchanges that replaced a token.';
COMMENT ON COLUMN finance.usage_by_tenant.refresh_token_renewals IS 'Those of the exchanges that used a refresh token.';

CREATE VIEW finance.usage_by_provider WITH (security_barrier) AS
SELECT
    month,
    nullif(provider, '') AS provider,
    nullif(environment, '') AS environment,
    correction_of,
    answered_memory + answered_store + answered_provider + answered_scoped AS answers,
    answered_memory,
    answered_store,
    answered_provider,
    answered_scoped,
    limited + refused AS refused,
    limited,
    refused AS refused_otherwise,
    failed_caller + failed_credential + failed_provider + failed_gateway AS failed,
    failed_caller,
    failed_credential,
    failed_provider,
    failed_gateway,
    exchanges,
    renewals,
    refresh_token_renewals
FROM (
    SELECT date_trunc('month', day)::date AS month, provider, environment, correction_of,
        sum(answered_memory)::bigint AS answered_memory,
        sum(answered_store)::bigint AS answered_store,
        sum(answered_provider)::bigint AS answered_provider,
        sum(answered_scoped)::bigint AS answered_scoped,
        sum(limited)::bigint AS limited,
        sum(refused)::bigint AS refused,
        sum(failed_caller)::bigint AS failed_caller,
        sum(failed_credential)::bigint AS failed_credential,
        sum(failed_provider)::bigint AS failed_provider,
        sum(failed_gateway)::bigint AS failed_gateway,
        sum(exchanges)::bigint AS exchanges,
        sum(renewals)::bigint AS renewals,
        sum(refresh_token_renewals)::bigint AS refresh_token_renewals
    FROM bursar.report_row
    GROUP BY 1, provider, environment, correction_of) AS summed;

COMMENT ON VIEW finance.usage_by_provider IS 'Usage by month, provider and environment.';
COMMENT ON COLUMN finance.usage_by_provider.month IS 'First day of the month in the reporting zone.';
COMMENT ON COLUMN finance.usage_by_provider.provider IS 'Provider profile id; null where none was known.';
COMMENT ON COLUMN finance.usage_by_provider.environment IS 'sandbox or production; null where none was known.';
COMMENT ON COLUMN finance.usage_by_provider.correction_of IS 'On a correction: the closed month that it corrects.';
COMMENT ON COLUMN finance.usage_by_provider.answers IS 'Answers with status 200 that carried a provider token, scoped ones included: the sum of the answered_… columns.';
COMMENT ON COLUMN finance.usage_by_provider.answered_memory IS 'Answers from the cache.';
COMMENT ON COLUMN finance.usage_by_provider.answered_store IS 'Answers from the database.';
COMMENT ON COLUMN finance.usage_by_provider.answered_provider IS 'Answers for which the provider was asked then.';
COMMENT ON COLUMN finance.usage_by_provider.answered_scoped IS 'Answers with a token for one customer and invoice.';
COMMENT ON COLUMN finance.usage_by_provider.refused IS 'Answers that refused: limited and refused_otherwise.';
COMMENT ON COLUMN finance.usage_by_provider.limited IS 'Answers that refused because the tenant was over its limit.';
COMMENT ON COLUMN finance.usage_by_provider.refused_otherwise IS 'Answers that refused for another reason: wrong client, suspended, not allowed.';
COMMENT ON COLUMN finance.usage_by_provider.failed IS 'Answers that failed, whoever is at fault: the sum of the failed_… columns.';
COMMENT ON COLUMN finance.usage_by_provider.failed_caller IS 'Answers that failed by the caller''s fault.';
COMMENT ON COLUMN finance.usage_by_provider.failed_credential IS 'Answers that failed because the provider rejected the stored credential.';
COMMENT ON COLUMN finance.usage_by_provider.failed_provider IS 'Answers that failed by the provider''s fault.';
COMMENT ON COLUMN finance.usage_by_provider.failed_gateway IS 'Answers that failed by our own fault.';
COMMENT ON COLUMN finance.usage_by_provider.exchanges IS 'Requests to the provider: full, refresh and scoped ones, failed ones included.';
COMMENT ON COLUMN finance.usage_by_provider.renewals IS 'Those of the exchanges that replaced a token.';
COMMENT ON COLUMN finance.usage_by_provider.refresh_token_renewals IS 'Those of the exchanges that used a refresh token.';

CREATE VIEW finance.usage_by_client WITH (security_barrier) AS
SELECT
    month,
    nullif(tenant_id, '00000000-0000-0000-0000-000000000000') AS business_uuid,
    coalesce(
        (SELECT name FROM bursar.tenant_name
            WHERE tenant_name.tenant_id = summed.tenant_id
                AND since < (month + interval '1 month')::timestamp AT TIME ZONE (SELECT zone FROM bursar.report_zone)
            ORDER BY since DESC LIMIT 1), 'unattributed') AS tenant_name,
    nullif(client_id, '') AS client_id,
    correction_of,
    answered_memory + answered_store + answered_provider + answered_scoped AS answers,
    answered_memory,
    answered_store,
    answered_provider,
    answered_scoped,
    limited + refused AS refused,
    limited,
    refused AS refused_otherwise,
    failed_caller + failed_credential + failed_provider + failed_gateway AS failed,
    failed_caller,
    failed_credential,
    failed_provider,
    failed_gateway,
    exchanges,
    renewals,
    refresh_token_renewals
FROM (
    SELECT date_trunc('month', day)::date AS month, tenant_id, client_id, correction_of,
        sum(answered_memory)::bigint AS answered_memory,
        sum(answered_store)::bigint AS answered_store,
        sum(answered_provider)::bigint AS answered_provider,
        sum(answered_scoped)::bigint AS answered_scoped,
        sum(limited)::bigint AS limited,
        sum(refused)::bigint AS refused,
        sum(failed_caller)::bigint AS failed_caller,
        sum(failed_credential)::bigint AS failed_credential,
        sum(failed_provider)::bigint AS failed_provider,
        sum(failed_gateway)::bigint AS failed_gateway,
        sum(exchanges)::bigint AS exchanges,
        sum(renewals)::bigint AS renewals,
        sum(refresh_token_renewals)::bigint AS refresh_token_renewals
    FROM bursar.report_row
    GROUP BY 1, tenant_id, client_id, correction_of) AS summed;

COMMENT ON VIEW finance.usage_by_client IS 'Usage by month, tenant and client.';
COMMENT ON COLUMN finance.usage_by_client.month IS 'First day of the month in the reporting zone.';
COMMENT ON COLUMN finance.usage_by_client.business_uuid IS 'The tenant; null is unattributed: refused before a tenant was known, or a shared credential renewed by itself.';
COMMENT ON COLUMN finance.usage_by_client.tenant_name IS 'The name that the tenant had then; unattributed where none was known.';
COMMENT ON COLUMN finance.usage_by_client.client_id IS 'The merchant backend''s client; null where none was known, and for exchanges, which belong to no client.';
COMMENT ON COLUMN finance.usage_by_client.correction_of IS 'On a correction: the closed month that it corrects.';
COMMENT ON COLUMN finance.usage_by_client.answers IS 'Answers with status 200 that carried a provider token, scoped ones included: the sum of the answered_… columns.';
COMMENT ON COLUMN finance.usage_by_client.answered_memory IS 'Answers from the cache.';
COMMENT ON COLUMN finance.usage_by_client.answered_store IS 'Answers from the database.';
COMMENT ON COLUMN finance.usage_by_client.answered_provider IS 'Answers for which the provider was asked then.';
COMMENT ON COLUMN finance.usage_by_client.answered_scoped IS 'Answers with a token for one customer and invoice.';
COMMENT ON COLUMN finance.usage_by_client.refused IS 'Answers that refused: limited and refused_otherwise.';
COMMENT ON COLUMN finance.usage_by_client.limited IS 'Answers that refused because the tenant was over its limit.';
COMMENT ON COLUMN finance.usage_by_client.refused_otherwise IS 'Answers that refused for another reason: wrong client, suspended, not allowed.';
COMMENT ON COLUMN finance.usage_by_client.failed IS 'Answers that failed, whoever is at fault: the sum of the failed_… columns.';
COMMENT ON COLUMN finance.usage_by_client.failed_caller IS 'Answers that failed by the caller''s fault.';
COMMENT ON COLUMN finance.usage_by_client.failed_credential IS 'Answers that failed because the provider rejected the stored credential.';
COMMENT ON COLUMN finance.usage_by_client.failed_provider IS 'Answers that failed by the provider''s fault.';
COMMENT ON COLUMN finance.usage_by_client.failed_gateway IS 'Answers that failed by our own fault.';
COMMENT ON COLUMN finance.usage_by_client.exchanges IS 'Requests to the provider: full, refresh and scoped ones, failed ones included.';
COMMENT ON COLUMN finance.usage_by_client.renewals IS 'Those of the exchanges that replaced a token.';
COMMENT ON COLUMN finance.usage_by_client.refresh_token_renewals IS 'Those of the exchanges that used a refresh token.';

CREATE VIEW finance.corrections WITH (security_barrier) AS
SELECT
    day, corrects AS correction_of, kind, reason, made_at, made_by,
    nullif(tenant_id, '00000000-0000-0000-0000-000000000000') AS business_uuid, nullif(client_id, '') AS client_id,
    nullif(provider, '') AS provider, nullif(environment, '') AS environment,
    answered_memory + answered_store + answered_provider + answered_scoped AS answers,
    answered_memory,
    answered_store,
    answered_provider,
    answered_scoped,
    limited + refused AS refused,
    limited,
    refused AS refused_otherwise,
    failed_caller + failed_credential + failed_provider + failed_gateway AS failed,
    failed_caller,
    failed_credential,
    failed_provider,
    failed_gateway,
    exchanges,
    renewals,
    refresh_token_renewals
FROM bursar.usage_correction;

COMMENT ON VIEW finance.corrections IS 'Corrections of closed months.';
COMMENT ON COLUMN finance.corrections.day IS 'Day in the reporting zone on which it was booked.';
COMMENT ON COLUMN finance.corrections.correction_of IS 'The closed month that it corrects.';
COMMENT ON COLUMN finance.corrections.kind IS 'late: delivered after the month was closed; stated: by a person.';
COMMENT ON COLUMN finance.corrections.reason IS 'Why.';
COMMENT ON COLUMN finance.corrections.made_at IS 'When.';
COMMENT ON COLUMN finance.corrections.made_by IS 'The journal that delivered it, or who stated it.';
COMMENT ON COLUMN finance.corrections.business_uuid IS 'The tenant; null is unattributed: refused before a tenant was known, or a shared credential renewed by itself.';
COMMENT ON COLUMN finance.corrections.client_id IS 'The merchant backend''s client; null where none was known, and for exchanges, which belong to no client.';
COMMENT ON COLUMN finance.corrections.provider IS 'Provider profile id; null where none was known.';
COMMENT ON COLUMN finance.corrections.environment IS 'sandbox or production; null where none was known.';
COMMENT ON COLUMN finance.corrections.answers IS 'Answers with status 200 that carried a provider token, scoped ones included: the sum of the answered_… columns.';
COMMENT ON COLUMN finance.corrections.answered_memory IS 'Answers from the cache.';
COMMENT ON COLUMN finance.corrections.answered_store IS 'Answers from the database.';
COMMENT ON COLUMN finance.corrections.answered_provider IS 'Answers for which the provider was asked then.';
COMMENT ON COLUMN finance.corrections.answered_scoped IS 'Answers with a token for one customer and invoice.';
COMMENT ON COLUMN finance.corrections.refused IS 'Answers that refused: limited and refused_otherwise.';
COMMENT ON COLUMN finance.corrections.limited IS 'Answers that refused because the tenant was over its limit.';
COMMENT ON COLUMN finance.corrections.refused_otherwise IS 'Answers that refused for another reason: wrong client, suspended, not allowed.';
COMMENT ON COLUMN finance.corrections.failed IS 'Answers that failed, whoever is at fault: the sum of the failed_… columns.';
COMMENT ON COLUMN finance.corrections.failed_caller IS 'Answers that failed by the caller''s fault.';
COMMENT ON COLUMN finance.corrections.failed_credential IS 'Answers that failed because the provider rejected the stored credential.';
COMMENT ON COLUMN finance.corrections.failed_provider IS 'Answers that failed by the provider''s fault.';
COMMENT ON COLUMN finance.corrections.failed_gateway IS 'Answers that failed by our own fault.';
COMMENT ON COLUMN finance.corrections.exchanges IS 'Requests to the provider: full, refresh and scoped ones, failed ones included.';
COMMENT ON COLUMN finance.corrections.renewals IS 'Those of the exchanges that replaced a token.';
COMMENT ON COLUMN finance.corrections.refresh_token_renewals IS 'Those of the exchanges that used a refresh token.';

CREATE VIEW finance.periods WITH (security_barrier) AS
SELECT period, zone, starts_at, ends_at, closed_at, closed_by, row_count, csv_sha256, manifest_sha256,
    previous_sha256, manifest
FROM bursar.period;

COMMENT ON VIEW finance.periods IS 'Closed months with their manifests.';
COMMENT ON COLUMN finance.periods.period IS 'The month, as 2026-10.';
COMMENT ON COLUMN finance.periods.zone IS 'The zone whose calendar it is of.';
COMMENT ON COLUMN finance.periods.starts_at IS 'Its first instant.';
COMMENT ON COLUMN finance.periods.ends_at IS 'The first instant after it.';
COMMENT ON COLUMN finance.periods.closed_at IS 'When it was closed.';
COMMENT ON COLUMN finance.periods.closed_by IS 'Who closed it.';
COMMENT ON COLUMN finance.periods.row_count IS 'Rows of its snapshot and its CSV file.';
COMMENT ON COLUMN finance.periods.csv_sha256 IS 'SHA-256 of its CSV file.';
COMMENT ON COLUMN finance.periods.manifest_sha256 IS 'SHA-256 of its manifest.';
COMMENT ON COLUMN finance.periods.previous_sha256 IS 'SHA-256 of the manifest of the month that was closed before it.';
COMMENT ON COLUMN finance.periods.manifest IS 'The manifest, as JSON.';

CREATE VIEW finance.refresh_daily WITH (security_barrier) AS
WITH merged AS (
    SELECT day, tenant_id, provider, environment, bucket, sum(count)::bigint AS count,
        coalesce(sum(count) FILTER (WHERE outcome = 'ok'), 0)::bigint AS succeeded
    FROM bursar.refresh_day
    GROUP BY day, tenant_id, provider, environment, bucket
), cumulative AS (
    SELECT *, sum(count) OVER (key ORDER BY bucket) AS reached, sum(count) OVER key AS total
    FROM merged WINDOW key AS (PARTITION BY day, tenant_id, provider, environment)
)
SELECT
    day, nullif(tenant_id, '00000000-0000-0000-0000-000000000000') AS business_uuid, provider, environment,
    sum(succeeded)::bigint AS succeeded, (sum(count) - sum(succeeded))::bigint AS failed,
    bursar.latency_bound_us(min(bucket) FILTER (WHERE reached >= 0.5 * total)) AS latency_p50_us,
    bursar.latency_bound_us(min(bucket) FILTER (WHERE reached >= 0.95 * total)) AS latency_p95_us,
    bursar.latency_bound_us(min(bucket) FILTER (WHERE reached >= 0.99 * total)) AS latency_p99_us
FROM cumulative
GROUP BY day, tenant_id, provider, environment;

COMMENT ON VIEW finance.refresh_daily IS 'How requests to providers went, by day, tenant, provider and environment. Percentiles come from merged buckets and are at most 19 % above the exact ones.';
COMMENT ON COLUMN finance.refresh_daily.day IS 'Day in the reporting zone.';
COMMENT ON COLUMN finance.refresh_daily.business_uuid IS 'The tenant; null when a shared credential renewed by itself.';
COMMENT ON COLUMN finance.refresh_daily.provider IS 'Provider profile id.';
COMMENT ON COLUMN finance.refresh_daily.environment IS 'sandbox or production.';
COMMENT ON COLUMN finance.refresh_daily.succeeded IS 'Requests that brought a token.';
COMMENT ON COLUMN finance.refresh_daily.failed IS 'Requests that did not.';
COMMENT ON COLUMN finance.refresh_daily.latency_p50_us IS 'Median latency in microseconds.';
COMMENT ON COLUMN finance.refresh_daily.latency_p95_us IS '95th percentile of the latency in microseconds.';
COMMENT ON COLUMN finance.refresh_daily.latency_p99_us IS '99th percentile of the latency in microseconds.';

CREATE VIEW finance.downtime_daily WITH (security_barrier) AS
SELECT day, nullif(tenant_id, '00000000-0000-0000-0000-000000000000') AS business_uuid, provider, environment, fault, seconds
FROM bursar.downtime_day;

COMMENT ON VIEW finance.downtime_daily IS 'Seconds in which a connection was asked for a token and had no good one, by whose fault: from a failed request to the next one, at most an hour after each. At most a minute late.';
COMMENT ON COLUMN finance.downtime_daily.day IS 'Day in the reporting zone.';
COMMENT ON COLUMN finance.downtime_daily.business_uuid IS 'The tenant.';
COMMENT ON COLUMN finance.downtime_daily.provider IS 'Provider profile id.';
COMMENT ON COLUMN finance.downtime_daily.environment IS 'sandbox or production.';
COMMENT ON COLUMN finance.downtime_daily.fault IS 'caller, credential, provider or gateway.';
COMMENT ON COLUMN finance.downtime_daily.seconds IS 'How long.';

CREATE VIEW finance.refresh_events WITH (security_barrier) AS
SELECT
    at, tenant_id AS business_uuid, provider, environment, credential_id, cause, step, outcome, fault,
    http_status, latency_us, lifetime_seconds
FROM bursar.refresh_event;

COMMENT ON VIEW finance.refresh_events IS 'Every request to a provider of the last three months.';
COMMENT ON COLUMN finance.refresh_events.at IS 'When the request was sent.';
COMMENT ON COLUMN finance.refresh_events.business_uuid IS 'The tenant for which it was sent; null when a shared credential renewed by itself.';
COMMENT ON COLUMN finance.refresh_events.provider IS 'Provider profile id.';
COMMENT ON COLUMN finance.refresh_events.environment IS 'sandbox or production.';
COMMENT ON COLUMN finance.refresh_events.credential_id IS 'The credential that was used.';
COMMENT ON COLUMN finance.refresh_events.cause IS 'cold, renewal, rejected (reported by a merchant) or keep_warm.';
COMMENT ON COLUMN finance.refresh_events.step IS 'full (id and secret), refresh (refresh token) or scoped (second step).';
COMMENT ON COLUMN finance.refresh_events.outcome IS 'ok, or the reason of the failure from the closed set.';
COMMENT ON COLUMN finance.refresh_events.fault IS 'Who has to act on the failure.';
COMMENT ON COLUMN finance.refresh_events.http_status IS 'Status of the provider''s reply; null when none came.';
COMMENT ON COLUMN finance.refresh_events.latency_us IS 'Microseconds from sending to the end of the reply.';
COMMENT ON COLUMN finance.refresh_events.lifetime_seconds IS 'Life of the token that it brought.';

GRANT USAGE ON SCHEMA finance TO bursar_finance;
GRANT SELECT ON ALL TABLES IN SCHEMA finance TO bursar_finance;
