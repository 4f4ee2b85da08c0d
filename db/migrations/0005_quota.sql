-- compatible-from: 0001
-- Replicas lend each other parts of tenants' rate limits.

-- What a replica offers and wants of a tenant's limit, in millionths of an answer. Nothing here is worth a
-- write-ahead log: whoever loses it grants less for two seconds. Rows change four times a second, so pages
-- keep room for it, and no column that changes is indexed.
CREATE UNLOGGED TABLE bursar.quota (
    tenant_id uuid NOT NULL,
    replica_id uuid NOT NULL,
    -- Of the replica's last exchange for this tenant: one that was held up on its way does nothing.
    exchange bigint NOT NULL,
    offered bigint NOT NULL CHECK (offered >= 0),
    offered_until timestamptz NOT NULL,
    wanted_until timestamptz NOT NULL,
    exchanged_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, replica_id)
) WITH (fillfactor = 50);

-- One replica's exchange for all its tenants: adds its offers, takes from the others' what it asks for, oldest
-- first. A row for each tenant says how much was taken and what remains of its own offers; tenants that others
-- want come as rows with neither. Exchanges that change something go one at a time.
CREATE FUNCTION bursar.exchange_quota(
    replica uuid, this_exchange bigint, tenants uuid[], asks bigint[], offers bigint[]
) RETURNS TABLE (tenant uuid, taken bigint, remaining bigint)
LANGUAGE plpgsql AS $body$
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
$body$;
REVOKE ALL ON FUNCTION bursar.exchange_quota FROM PUBLIC;

GRANT SELECT, INSERT, UPDATE, DELETE ON bursar.quota TO bursar_gateway;
GRANT EXECUTE ON FUNCTION bursar.exchange_quota TO bursar_gateway;
