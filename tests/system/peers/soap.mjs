// A SOAP service of npm's `soap`: tests/soap/orders.wsdl, in the way the module serves it.
//   node soap.mjs WSDL
// Says its port as {"listening": …}, and each request as a line of JSON.
import crypto from "node:crypto";
import fs from "node:fs";
import http from "node:http";
import soap from "soap";

process.on("SIGTERM", () => process.exit(0));
const say = (line) => console.log(JSON.stringify(line));

function fault(code, reason, status) {
  throw { Fault: { faultcode: code, faultstring: reason, detail: { left: 0 }, statusCode: status } };
}

const service = {
  Orders: {
    Orders: {
      CreateOrder(args) {
        say({ kind: "order", args });
        if (args.customer === "nobody") fault("soap:Client", "no such customer", 500);
        if (args.customer === "busy") fault("soap:Server", "later", 500);
        return { OrderId: `SO-${args.externId}`, position: (args.line || []).length };
      },
    },
  },
};

const server = http.createServer((request, response) => response.writeHead(404).end());
server.listen(0, "127.0.0.1", () => {
  const listening = soap.listen(server, { path: "/orders", services: service, xml: fs.readFileSync(process.argv[2], "utf8") });
  // Passwords as a digest are checked by the rule of the profile; messages without a token are welcome.
  listening.authenticate = (security) => {
    const token = security?.UsernameToken;
    if (!token) return true;
    const nonce = Buffer.from(token.Nonce.$value ?? token.Nonce, "base64");
    const digest = crypto.createHash("sha1").update(nonce).update(token.Created).update("s&cret").digest("base64");
    say({ kind: "token", user: token.Username, good: (token.Password.$value ?? token.Password) === digest });
    return true;
  };
  say({ listening: server.address().port });
});
