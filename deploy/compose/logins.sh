# shellcheck shell=bash
# Logins for programs and dashboards, each a member of the role that says what it may. Runs once, after
# roles.sql, inside PostgreSQL's own start script.

while read -r login role; do
    psql -X -q -v ON_ERROR_STOP=1 --username postgres --dbname bursar <<SQL
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
CREATE ROLE $login LOGIN PASSWORD '$(cat "${STAND:-/stand}/postgres/$login")' IN ROLE $role;
SQL
done <<LOGINS
gateway bursar_gateway
migrator bursar_owner
finance bursar_finance
monitor bursar_monitor
LOGINS
