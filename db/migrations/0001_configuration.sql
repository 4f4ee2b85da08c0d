-- compatible-from: 0001
-- Who may ask for which token: tenants, clients, credentials, connections, and the keys that seal them.

CREATE SCHEMA finance;
CREATE SCHEMA ops;

GRANT USAGE ON SCHEMA bursar TO bursar_gateway;

-- ── The version of the configuration ───────────────────────────────────────────────────────────────────────
-- One row, updated by every change: its row lock puts the changes in commit order, so a replica that has
-- applied version n has seen every change up to n.
CREATE TABLE bursar.config_version (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    version bigint NOT NULL
);
INSERT INTO bursar.config_version (version) VALUES (0);

-- What each version changed, so that replicas read only that. Old rows are deleted; a replica that is behind
-- the oldest one reads everything.
CREATE TABLE bursar.config_change (
    version bigint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('tenant', 'client', 'credential', 'keys')),
    subject text NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (version, kind, subject)
);

-- ── Keys ───────────────────────────────────────────────────────────────────────────────────────────────────
-- Data keys, wrapped under the keyring's key `kek_id`. The owner is a tenant, or the platform owner of a
-- credential that several tenants share; deleting an owner's keys makes all that they sealed unreadable.
CREATE TABLE bursar.data_key (
    owner_id uuid NOT NULL,
    version integer NOT NULL CHECK (version > 0),
    kek_id text NOT NULL,
    wrapped bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner_id, version)
);
CREATE INDEX data_key_by_kek ON bursar.data_key (kek_id);

-- The pepper under which client secrets are hashed, wrapped like a data key.
CREATE TABLE bursar.pepper (
    version integer PRIMARY KEY CHECK (version > 0),
    kek_id text NOT NULL,
    wrapped bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);

-- ── Tenants ────────────────────────────────────────────────────────────────────────────────────────────────
CREATE TABLE bursar.tenant (
    tenant_id uuid PRIMARY KEY,
    name text NOT NULL CHECK (length(name) BETWEEN 1 AND 200),
    state text NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'suspended')),
    limit_count integer NOT NULL CHECK (limit_count BETWEEN 1 AND 1000000),
    limit_period_seconds integer NOT NULL CHECK (limit_period_seconds BETWEEN 1 AND 86400),
    limit_burst integer NOT NULL CHECK (limit_burst BETWEEN 1 AND 1000000),
    created_at timestamptz NOT NULL DEFAULT now()
);

-- ── Clients ────────────────────────────────────────────────────────────────────────────────────────────────
-- A merchant backend's credential with Bursar. The secret itself is stored nowhere.
CREATE TABLE bursar.client (
    client_id text PRIMARY KEY CHECK (client_id ~ '^brc_[A-Za-z0-9]{20}$'),
    secret_hash bytea NOT NULL CHECK (length(secret_hash) = 32),
    pepper_version integer NOT NULL REFERENCES bursar.pepper,
    provider text,
    environment text CHECK (environment IN ('sandbox', 'production')),
    expires_at timestamptz,
    revoked_at timestamptz,
    created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE bursar.client_tenant (
    tenant_id uuid NOT NULL REFERENCES bursar.tenant ON DELETE CASCADE,
    client_id text NOT NULL REFERENCES bursar.client ON DELETE CASCADE,
    PRIMARY KEY (tenant_id, client_id)
);
CREATE INDEX client_tenant_by_client ON bursar.client_tenant (client_id);

-- ── Credentials ────────────────────────────────────────────────────────────────────────────────────────────
-- Id and secret with a provider, of one owner. The secret is sealed under the owner's data key and bound to
-- this row, or a reference to where the operator keeps it.
--   pending   → active, rejected     applied for, or not verified yet
--   active    → retiring, rejected   in use
--   retiring  → active               replaced, kept for the overlap
--   rejected  → active               the provider said invalid_client
CREATE TABLE bursar.credential (
    owner_id uuid NOT NULL,
    credential_id uuid NOT NULL,
    provider text NOT NULL,
    environment text NOT NULL CHECK (environment IN ('sandbox', 'production')),
    version integer NOT NULL DEFAULT 1 CHECK (version > 0),
    provider_client_id text,
    secret_sealed bytea,
    secret_key_version integer,
    secret_ref text CHECK (secret_ref ~ '^(file|env):.+$'),
    state text NOT NULL CHECK (state IN ('pending', 'active', 'retiring', 'rejected')),
    is_platform boolean NOT NULL DEFAULT false,
    shares_token boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (owner_id, credential_id),
    UNIQUE (credential_id),
    FOREIGN KEY (owner_id, secret_key_version) REFERENCES bursar.data_key,
    CHECK ((secret_sealed IS NULL) = (secret_key_version IS NULL)),
    CHECK (secret_sealed IS NULL OR secret_ref IS NULL),
    CHECK (state = 'pending'
        OR (provider_client_id IS NOT NULL AND (secret_sealed IS NOT NULL OR secret_ref IS NOT NULL)))
);

-- A tenant's way to one provider in one environment.
CREATE TABLE bursar.connection (
    tenant_id uuid NOT NULL REFERENCES bursar.tenant ON DELETE CASCADE,
    provider text NOT NULL,
    environment text NOT NULL CHECK (environment IN ('sandbox', 'production')),
    credential_id uuid NOT NULL REFERENCES bursar.credential (credential_id),
    origins text[] NOT NULL DEFAULT '{}',
    keep_warm boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (tenant_id, provider, environment)
);
CREATE INDEX connection_by_credential ON bursar.connection (credential_id);

-- ── Audit ──────────────────────────────────────────────────────────────────────────────────────────────────
-- Every administrative change, and every statement behind a scoped token; written in the transaction of the
-- change. There is no tenant of that id for changes that concern several.
CREATE TABLE bursar.audit_event (
    tenant_id uuid NOT NULL,
    event_id uuid NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    actor text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    detail jsonb NOT NULL DEFAULT '{}',
    PRIMARY KEY (tenant_id, event_id)
);
CREATE INDEX audit_event_by_time ON bursar.audit_event (at);

GRANT SELECT, INSERT, UPDATE, DELETE ON bursar.config_version, bursar.config_change, bursar.data_key,
    bursar.pepper, bursar.tenant, bursar.client, bursar.client_tenant, bursar.credential, bursar.connection
    TO bursar_gateway;
GRANT SELECT, INSERT ON bursar.audit_event TO bursar_gateway;
GRANT SELECT ON bursar.schema_migration TO bursar_gateway;
