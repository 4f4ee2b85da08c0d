-- The gateway's work on a hit, by hand, for one worker of nginx: hash the secret, look the client up, check the
-- tenant, spend its limit, count, and answer with the seconds that the token has left.
require "resty.core"
local ffi = require "ffi"
ffi.cdef [[
unsigned char *SHA256(const unsigned char *text, size_t length, unsigned char *digest);
]]

local digest = ffi.new("unsigned char[32]")
local function hash(text)
    ffi.C.SHA256(text, #text, digest)
    return ffi.string(digest, 32)
end

local clients, tenants = {}, {}
for line in io.lines(os.getenv("BENCH_CLIENTS")) do
    local id, secret, tenant = line:match("(%S+) (%S+) (%S+)")
    clients[hash(secret)] = { id = id, tenant = tenant, count = 0 }
    tenants[tenant] = { full_at = 0, expires = ngx.time() + 86400 }
end

local head = '{"access_token":"' .. os.getenv("BENCH_TOKEN") .. '","token_type":"Bearer","expires_in":'
local interval, window = 1e-6, 1

function answer_token()
    local fields = ngx.req.get_headers()
    local field = fields["authorization"]
    if not field or field:sub(1, 7) ~= "Bearer " then return ngx.exit(401) end
    local client = clients[hash(field:sub(8))]
    if not client then return ngx.exit(401) end
    local named = fields["x-tenant-id"]
    if named and named ~= client.tenant then return ngx.exit(403) end
    local tenant, now = tenants[client.tenant], ngx.now()
    local full_at = math.max(tenant.full_at, now) + interval
    if full_at - now > window then return ngx.exit(429) end
    tenant.full_at = full_at
    client.count = client.count + 1
    local tail = math.floor(tenant.expires - now) .. ',"business_uuid":"' .. client.tenant .. '"}'
    local header = ngx.header
    header["Cache-Control"] = "no-store"
    header["Content-Length"] = #head + #tail
    ngx.print(head, tail)
end
