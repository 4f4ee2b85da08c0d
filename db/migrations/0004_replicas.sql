-- compatible-from: 0003
-- Which gateways there are, what each has applied, and which share of every rate limit it grants by itself.

-- Whether the provider itself has named `retry_at`: then no replica asks before it.
ALTER TABLE bursar.token_slot ADD COLUMN retry_named boolean NOT NULL DEFAULT false;

CREATE TABLE bursar.replica (
    replica_id uuid PRIMARY KEY,
    -- The id of its state directory, which one process uses at a time: a successor there proves that its
    -- predecessor is gone.
    place uuid NOT NULL,
    name text NOT NULL,
    program text NOT NULL,
    key_ids text[] NOT NULL,
    started_at timestamptz NOT NULL,
    heartbeat_at timestamptz NOT NULL,
    -- Till when its share is kept for it although it is silent.
    kept_until timestamptz NOT NULL,
    beat bigint NOT NULL,
    applied_version bigint,
    share_millionths integer NOT NULL CHECK (share_millionths BETWEEN 0 AND 1000000)
);

-- One heartbeat, one at a time. `share_millionths` is never less than what the replica applies, so that the
-- applied shares add up to no more than a million: it grants more by what nobody else holds, and takes less
-- only when the replica reports less. A function, so that no replica that hangs keeps the lock.
CREATE FUNCTION bursar.heartbeat(
    its_id uuid, its_place uuid, its_name text, its_program text, its_keys text[], its_beat bigint,
    its_version bigint, its_share integer,
    OUT version bigint, OUT members integer, OUT live integer, OUT share integer, OUT clock timestamptz)
LANGUAGE plpgsql AS $body$
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
$body$;
REVOKE ALL ON FUNCTION bursar.heartbeat FROM PUBLIC;

GRANT EXECUTE ON FUNCTION bursar.heartbeat TO bursar_gateway;
GRANT SELECT, INSERT, UPDATE, DELETE ON bursar.replica TO bursar_gateway;
