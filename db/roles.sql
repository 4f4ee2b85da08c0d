-- The roles that own, use and read the database. Run by `bursar migrate` before the migrations, each time;
-- where its user may not create roles, this is the text that a database administrator runs.
--
-- None of them may log in by itself: give logins to people and programs and make those members, or
-- `ALTER ROLE bursar_gateway LOGIN PASSWORD …`.

DO $roles$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['bursar_owner', 'bursar_gateway', 'bursar_finance', 'bursar_monitor'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = wanted) THEN
            -- Roles belong to the whole server: another of its databases may be migrated at this moment.
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL;
            END;
        END IF;
    END LOOP;
    EXECUTE format('GRANT CREATE, CONNECT ON DATABASE %I TO bursar_owner', current_database());
    EXECUTE format('GRANT CONNECT ON DATABASE %I TO bursar_gateway, bursar_finance, bursar_monitor', current_database());
    IF NOT pg_catalog.pg_has_role(current_user, 'bursar_owner', 'MEMBER') THEN
        EXECUTE format('GRANT bursar_owner TO %I', current_user);
    END IF;
END
$roles$;
