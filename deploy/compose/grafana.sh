#!/bin/sh
# Passwords from files into the variables that Grafana's provisioning files name.
set -eu
BURSAR_FINANCE_PASSWORD=$(cat /stand/grafana/finance-password)
BURSAR_MONITOR_PASSWORD=$(cat /stand/grafana/monitor-password)
export BURSAR_FINANCE_PASSWORD BURSAR_MONITOR_PASSWORD
export GF_SECURITY_ADMIN_PASSWORD__FILE=/stand/grafana/admin-password
exec /run.sh
