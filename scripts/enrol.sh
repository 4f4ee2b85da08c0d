# shellcheck shell=bash
# shellcheck disable=SC2034,SC2154  # the parts of ./dev share variables
# The demo's tenant, its credentials with five (simulated) providers, and its client. Safe to repeat.

# What the simulator knows and what the tenant is enrolled with come from the same files. Two of the secrets
# hold the characters that tell a correct encoding from a lucky one.
write_simulator_credentials() {
    local provider special separator=
    for provider in "${demo_providers[@]}"; do
        special=
        [[ $provider != zertiban && $provider != zatlas ]] || special='+/=%&:'
        remember "$demo/secrets/$provider" printf '%s' "$(random_hex 8)$special$(random_hex 8)"
    done
    (
        umask 077
        for provider in "${demo_providers[@]}"; do
            printf '%s{"provider": "%s", "client_id": "demo-%s", "client_secret": "%s"}' \
                "${separator:-[}" "$provider" "$provider" "$(<"$demo/secrets/$provider")"
            separator=$',\n '
        done >"$demo/simulator-credentials.json"
        echo ']' >>"$demo/simulator-credentials.json"
    )
}

# Each replaces, in the built-in profile of the same id, only what it names.
write_profiles() {
    local provider
    for provider in "${demo_providers[@]}"; do
        {
            echo "id: $provider"
            echo "environments: { sandbox: { base_url: \"http://127.0.0.1:$simulator_port/$provider\" } }"
            case $provider in
            # Their documents do not say where the token comes from; the simulator has to be somewhere.
            alternative | phoenix) echo "token: { path: /oauth2/token }" ;;
            esac
        } >"$demo/providers/$provider.yaml"
    done
}

enrol_demo() {
    local provider
    there_is tenant show "$demo_tenant" ||
        do_bursar tenant add "$demo_tenant" --name "Demo Merchant"
    for provider in "${demo_providers[@]}"; do
        # A second `credential set` would begin a rotation.
        there_is connection show "$demo_tenant" --provider "$provider" --environment sandbox ||
            do_bursar credential set --provider "$provider" --environment sandbox \
                --client-id "demo-$provider" --secret-file "$demo/secrets/$provider" --tenant "$demo_tenant"
    done
    client_is_known || {
        rm -f "$demo/demo-client.json"
        remember "$demo/demo-client.json" "$release_bin/bursar" client issue --tenant "$demo_tenant" --json ||
            fail "bursar client issue failed"
    }
}

do_bursar() {
    "$release_bin/bursar" "$@" >&2 || fail "bursar $1 $2 failed"
}

# Exit 3 means "not found"; anything else that is not 0 is trouble, and must not be taken for an absence.
there_is() {
    local status=0 answer
    answer=$("$release_bin/bursar" "$@" --json 2>&1) || status=$?
    case $status in
    0) return 0 ;;
    3) return 1 ;;
    *) say "$answer" && fail "bursar $1 $2 failed (exit $status)" ;;
    esac
}

# Known to us (the secret is shown only once) and to the database.
client_is_known() {
    [[ -s $demo/demo-client.json ]] || return 1
    local clients
    clients=$("$release_bin/bursar" client list --tenant "$demo_tenant" --json) ||
        fail "bursar client list failed"
    [[ $clients == *"\"$(demo_client client_id)\""* ]]
}

# demo_client MEMBER: ids and secrets consist of letters, digits and underscores, so this much JSON will do.
demo_client() {
    sed -n "s/.*\"$1\" *: *\"\([A-Za-z0-9_]*\)\".*/\1/p" "$demo/demo-client.json"
}

print_demo() {
    local provider id secret merchant=http://127.0.0.1:$http_port
    id=$(demo_client client_id)
    secret=$(demo_client client_secret)
    cat <<TEXT

Bursar is running. Ctrl-C stops it; its data stays in .bursar/ until ./dev reset.
  merchant side       $merchant
  admin side          http://127.0.0.1:$admin_port (metrics, health, reports)
  provider simulator  http://127.0.0.1:$simulator_port
  command line        ./dev bursar tenant list

A token from each provider:
TEXT
    for provider in "${demo_providers[@]}"; do
        echo "curl -s -u '$id:$secret' -d grant_type=client_credentials" \
            "-d provider=$provider -d environment=sandbox $merchant/oauth2/token"
    done
    echo
    echo "A token for one customer and one invoice:"
    echo "curl -s -H 'Authorization: Bearer $secret' -H 'Content-Type: application/json'" \
        "-d '{\"customer_id\":\"c-1\",\"invoice_id\":\"i-1\",\"subject\":\"user-1\"}'" \
        "'$merchant/v1/checkout-auth/init?provider=alternative&environment=sandbox'"
    echo
    echo "What was used this month, three seconds later: a page for a browser, and a table:"
    echo "curl -s -H 'Authorization: Bearer $(<"$demo/finance-token")' -o usage.html" \
        "'http://127.0.0.1:$admin_port/reports/usage?period=$(date -u +%Y-%m)'"
    echo "./dev bursar report usage --period $(date -u +%Y-%m)"
    echo
}
