// Peers that are not ours: an OAuth 2 server, and web services that check tokens, JWTs and signatures with jose and
// standardwebhooks. Says on stdout where it listens, then one JSON line for each request.
//   node identity.mjs FOLDER   with the keys: hs256.key rs256.pub es256.pub whsec, each perhaps missing
import { readFileSync, existsSync } from "node:fs";
import { createServer } from "node:http";
import { importSPKI, jwtVerify, createLocalJWKSet } from "jose";
import { OAuth2Server } from "oauth2-mock-server";
import { Webhook } from "standardwebhooks";

const folder = process.argv[2];
const say = (line) => process.stdout.write(JSON.stringify(line) + "\n");
const read = (name) => (existsSync(`${folder}/${name}`) ? readFileSync(`${folder}/${name}`, "utf8").trim() : null);

const oauth = new OAuth2Server();
await oauth.issuer.keys.generate("RS256");
await oauth.start(0, "127.0.0.1");
const keys = createLocalJWKSet({ keys: oauth.issuer.keys.toJSON() });

// What a test asks for: { expires_in, fail, hold_ms, refresh_token }, and "revoke".
let control = {};
let revoked = new Set();
const issued = new Set();

// The server's own clients are anybody; ours must be who it says it is.
const known = { "Basic Y2xpZW50OnMlMjZjcmV0": true };

// Two tokens of one second would be the same.
let serial = 0;
oauth.service.on("beforeTokenSigning", (token) => (token.payload.jti = `token-${++serial}`));

oauth.service.on("beforeResponse", (response, request) => {
  const body = request.body;
  const by = known[request.headers.authorization] ? "basic" : body.client_id === "client" && body.client_secret === "s&cret" ? "body" : null;
  say({ kind: "token", grant: body.grant_type, by, username: body.username, password: body.password, scope: body.scope,
    audience: body.audience, refresh_token: body.refresh_token });
  if (control.fail || !by) {
    response.statusCode = control.fail || 401;
    response.body = { error: "invalid_client", error_description: "s&cret is not the secret" };
    return;
  }
  issued.add(response.body.access_token);
  if (control.expires_in !== undefined) response.body.expires_in = control.expires_in;
  if (control.refresh_token) response.body.refresh_token = control.refresh_token;
  else delete response.body.refresh_token;
});

async function body_of(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}

const jwt_keys = { HS256: async () => new TextEncoder().encode(read("hs256.key")), RS256: () => importSPKI(read("rs256.pub"), "RS256"),
  ES256: () => importSPKI(read("es256.pub"), "ES256") };

const routes = {
  // A service behind OAuth 2.
  async protected(request) {
    const token = (request.headers.authorization || "").replace(/^Bearer /, "");
    const { payload } = await jwtVerify(token, keys, { issuer: oauth.issuer.url });
    if (revoked.has(token)) throw new Error("revoked");
    return { scope: payload.scope };
  },
  // A JWT for each request, in the header or in the query.
  async jwt(request, url) {
    const token = url.searchParams.get("jwt") || (request.headers.authorization || "").replace(/^Bearer /, "");
    const { payload, protectedHeader } = await jwtVerify(token, (header) => jwt_keys[header.alg](), { audience: "crm" });
    return { payload, header: protectedHeader };
  },
  // RFC 7523: an assertion against a token.
  async assertion(request, url, body) {
    const form = new URLSearchParams(body.toString());
    if (form.get("grant_type") !== "urn:ietf:params:oauth:grant-type:jwt-bearer") throw new Error("grant");
    const { payload } = await jwtVerify(form.get("assertion"), await jwt_keys.RS256(), { audience: "token-service" });
    say({ kind: "token", grant: "assertion", sub: payload.sub });
    const token = await oauth.issuer.buildToken({ expiresIn: 3600 });
    return { access_token: token, token_type: "Bearer", expires_in: 3600 };
  },
  async signed(request, url, body) {
    new Webhook(read("whsec")).verify(body.toString(), request.headers);
    return {};
  },
  async control(request, url, body) {
    const asked = JSON.parse(body);
    if (asked === "revoke") revoked = new Set(issued);
    else control = asked;
    return {};
  },
};

const server = createServer(async (request, response) => {
  const url = new URL(request.url, "http://x");
  const name = url.pathname.slice(1);
  const body = await body_of(request);
  let status = 200, answer;
  try {
    answer = await routes[name](request, url, body);
  } catch (error) {
    status = 401;
    answer = { error: String(error.message) };
  }
  if (name !== "control" && name !== "assertion")
    say({ kind: "request", name, status, answer, id: request.headers["webhook-id"], body: body.toString() });
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(answer));
});
server.listen(0, "127.0.0.1", () => say({ kind: "listening", services: server.address().port, oauth: oauth.issuer.url }));
process.on("SIGTERM", () => process.exit(0));
