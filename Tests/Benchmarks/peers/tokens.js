'use strict';
// What a provider's sample tells people to write: a token and its end in a Map, looked at before each use. With
// the checks of a gateway: the hash of the secret, the tenant, its limit, a count.
const crypto = require('crypto');
const fs = require('fs');
const http = require('http');

const hash = (secret) => crypto.createHash('sha256').update(secret).digest('base64');
const clients = new Map();
const tenants = new Map();
for (const line of fs.readFileSync(process.env.BENCH_CLIENTS, 'utf8').trim().split('\n')) {
  const [id, secret, tenant] = line.split(' ');
  clients.set(hash(secret), { id, tenant, count: 0 });
  tenants.set(tenant, { fullAt: 0, token: process.env.BENCH_TOKEN, expires: Date.now() + 86_400_000 });
}

const refuse = (response, status) => response.writeHead(status, { 'Content-Length': 0 }).end();

function answer(request, response) {
  const field = request.headers.authorization ?? '';
  const client = field.startsWith('Bearer ') ? clients.get(hash(field.slice(7))) : undefined;
  if (!client) return refuse(response, 401);
  const named = request.headers['x-tenant-id'];
  if (named !== undefined && named !== client.tenant) return refuse(response, 403);
  const cached = tenants.get(client.tenant);
  const now = Date.now();
  const fullAt = Math.max(cached.fullAt, now) + 0.001;
  if (fullAt - now > 1000) return refuse(response, 429);
  cached.fullAt = fullAt;
  client.count += 1;
  const body = JSON.stringify({
    access_token: cached.token,
    token_type: 'Bearer',
    expires_in: Math.floor((cached.expires - now) / 1000),
    business_uuid: client.tenant,
  });
  response.writeHead(200, {
    'Content-Type': 'application/json',
    'Cache-Control': 'no-store',
    'Content-Length': Buffer.byteLength(body),
  });
  response.end(body);
}

const server = http.createServer((request, response) =>
  request.url === '/v1/token' && request.method === 'GET' ? answer(request, response) : refuse(response, 404),
);
server.keepAliveTimeout = 300_000;
server.listen(Number(process.argv[2]), '127.0.0.1', 1024);
