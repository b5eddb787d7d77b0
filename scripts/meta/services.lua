---@meta
-- Web services: how they are declared, and how a run uses them.

--- Web services over HTTP.
---@class http
http = {}

--- Declares a web service. In a module, as a field of the table that it returns, or in a campaign.
---```lua
--- return {
---   orders = http.service {
---     name = "CRM orders",
---     url  = "https://crm.example.com/orders/#extern_id#",
---     json = { customer = "#last_name#", duration = "#duration|json#" },
---   },
--- }
---```
---@param declaration http.service
---@return service
function http.service(declaration) end

--- Rows of names and values: a list of pairs, which keeps its order, or a table, which is sorted. A value, or all rows, may be a function of the
--- call.
---@alias rows table<string, string|number|boolean|function>|{ [1]: string, [2]: any }[]|fun(call: call): table

--- Statuses: one, a class `"2xx"`, a range `"500-504"`, or a list of these.
---@alias statuses integer|string|(integer|string)[]

--- What an HTTP service is made of. It has at most one of `form`, `json`, `xml`, `text` and `body`.
---@class http.service
---@field name? string shown in logs; unique among all services (default: `group.key`, as `crm.orders`)
---@field active? boolean `false`: nothing is sent (default: `true`)
---@field method? "GET"|"POST"|"PUT"|"PATCH"|"DELETE"|"HEAD" (default: `POST` with a body, else `GET`)
---@field url string|fun(call: call): string http or https, with tags
---@field params? rows added to the query
---@field headers? rows
---@field form? rows a body of form fields
---@field json? table|string|fun(call: call): any a body of JSON: a table, or a whole document as text
---@field xml? string|fun(call: call): string a body of XML
---@field text? string|fun(call: call): string a body of plain text
---@field body? string|fun(call: call): string a body of any other kind; give its `Content-Type` in `headers`
---@field timeout? string|number of one attempt, up to 10 minutes (default: `"10s"`)
---@field strict? boolean `true`: a tag that the event lacks stops the send (default: `false`)
---@field retry? retry|false how often and when a request that fails is sent again; `false`: never
---@field success? statuses statuses that count as delivered (default: `"2xx"`)
---@field dead_on? statuses statuses that end it at once
---@field retry_on? statuses statuses that are tried again in any case
---@field expires? string|number after this time it is not sent any more, as `"20s"` (default: never)
---@field auth? auth|auth[] how it proves who asks: what `http.basic` and the like give
---@field sign? secret|secret[] signs each request as Standard Webhooks say, with these keys
---@field limit? limit how much of it may be used
---@field failing? failing when somebody is told that it does not work
---@field egress? string|string[] addresses that it may have beside those of the public internet, as `"10.20.0.0/16"`
---@field redirects? integer|boolean how many redirects are followed, up to 10; `true` is 5 (default: 0)
---@field http2? boolean `true`: HTTP/2 is offered to the server, by TLS alone (default: `false`)
---@field ca? string certificates in PEM that may sign the server's: a file in the rules folder, or the text (default: the system's)
---@field crl? string a file with lists of revoked certificates, in PEM
---@field cloudevents? "structured"|"binary" the event goes along as a CloudEvent, with the body as its data
---@field script_result? boolean `true`: the fields of the agent's script are added to the form, the JSON object or the query (default: `false`)
---@field mappings? boolean `true`: values are replaced as `mappings` says (default: `false`)
---@field debug? boolean `true`: the delivery log keeps 256 KiB of each answer, not 4 KiB (default: `false`)
---@field order? "call"|"none" `"call"`: the deliveries of one call go in order (default); `"none"`: they do not wait for each other

--- Web services over SOAP.
---@class soap
soap = {}

--- Declares a SOAP service, by a WSDL beside the rules or by hand. It is sent and called like any other, with the operation's name before what differs.
---```lua
--- return {
---   orders = soap.service { name = "CRM orders", wsdl = "orders.wsdl", auth = http.basic("rules", secret "crm_password") },
--- }
---```
---@param declaration soap.service
---@return service
function soap.service(declaration) end

--- What a SOAP service is made of.
---@class soap.service
---@field name? string shown in logs; unique among all services (default: `group.key`, as `crm.orders`)
---@field active? boolean `false`: nothing is sent (default: `true`)
---@field strict? boolean `true`: a tag that the event lacks stops the send (default: `false`)
---@field wsdl? string a WSDL 1.1 file, from the script's folder on
---@field service? string which service of the WSDL (default: the first that has the operation)
---@field port? string which port of it (default: the first that has the operation)
---@field endpoint? string where to send, with tags (default: what the WSDL says)
---@field soap? "1.1"|"1.2" (default: what the port says, else `"1.1"`)
---@field operation? string what `fire`, and calls without a name, send
---@field args? table its arguments, with tags
---@field soap_headers? table SOAP headers, by the names of their elements
---@field security? soap_security WS-Security
---@field addressing? boolean WS-Addressing headers (default: when the WSDL demands them)
---@field faults? table<string, "retry"|"dead"> what follows a fault of this code
---@field namespace? string of an operation without WSDL
---@field action? string its SOAPAction
---@field inputs? string[][] its inputs: pairs of a name and a type of XML Schema, in their order
---@field returns? string the type of its answer's one value
---@field qualified? boolean `true`: its inputs are in the namespace, as .NET services want it (default: `false`)
---@field xml? string the body of the message, with tags, without WSDL; or a whole envelope
---@field headers? rows
---@field auth? auth|auth[] how it proves who asks: what `http.basic` and the like give
---@field sign? secret|secret[] signs each request as Standard Webhooks say, with these keys
---@field timeout? string|number of one attempt, up to 10 minutes (default: `"10s"`)
---@field retry? retry|false how often and when a request that fails is sent again; `false`: never
---@field success? statuses statuses that count as delivered (default: `"2xx"`)
---@field dead_on? statuses statuses that end it at once
---@field retry_on? statuses statuses that are tried again in any case
---@field expires? string|number after this time it is not sent any more, as `"20s"` (default: never)
---@field order? "call"|"none" `"call"`: the deliveries of one call go in order (default); `"none"`: they do not wait for each other
---@field debug? boolean `true`: the delivery log keeps 256 KiB of each answer, not 4 KiB (default: `false`)
---@field limit? limit how much of it may be used
---@field failing? failing when somebody is told that it does not work
---@field egress? string|string[] addresses that it may have beside those of the public internet, as `"10.20.0.0/16"`
---@field redirects? integer|boolean how many redirects are followed, up to 10; `true` is 5 (default: 0)
---@field http2? boolean `true`: HTTP/2 is offered to the server, by TLS alone (default: `false`)
---@field ca? string certificates in PEM that may sign the server's: a file in the rules folder, or the text (default: the system's)
---@field crl? string a file with lists of revoked certificates, in PEM

--- Values that are sent as other values, by the services that say `mappings = true` and are declared after it.
---```lua
--- mappings { Sale = "S", ["No Sale"] = "N" }
---```
---@param replacements table<string, string|number>
function mappings(replacements) end

--- A secret by its name: put in when the request is sent, and shown nowhere. Can be joined to a text with `..`.
---```lua
--- headers = { { "X-Token", "key " .. secret "crm_token" } }
---```
---@param name string
---@return secret
function secret(name) end

---@class secret

--- How a service proves who asks; one object may serve several services.
---@class auth

--- User and password in the header `Authorization`.
---```lua
--- auth = http.basic("rules", secret "crm_password")
---```
---@param user string|secret|login or a table with both
---@param password? string|secret
---@return auth
function http.basic(user, password) end

--- The same by Digest: the password itself is not sent.
---```lua
--- auth = http.digest("rules", secret "crm_password")
---```
---@param user string|secret|login or a table with both
---@param password? string|secret
---@return auth
function http.digest(user, password) end

--- What `http.basic` and `http.digest` take as a table.
---@class login
---@field user string|secret
---@field password string|secret

--- A token in the header `Authorization`.
---```lua
--- auth = http.bearer(secret "chat_token")
---```
---@param token string|secret|bearer
---@return auth
function http.bearer(token) end

--- What `http.bearer` takes as a table.
---@class bearer
---@field token string|secret

--- A key in a header or in the query.
---```lua
--- auth = http.api_key { header = "X-Api-Key", value = secret "helpdesk_key" }
---```
---@param declaration api_key
---@return auth
function http.api_key(declaration) end

---@class api_key
---@field value string|secret
---@field header? string the header that it goes into
---@field prefix? string what stands before it in the header
---@field query? string the parameter of the query that it goes into

--- A token that is made and signed for each request.
---```lua
--- auth = http.jwt { key = secret "crm_key", algorithm = "ES256", claims = { iss = "switchhook" } }
---```
---@param declaration jwt
---@return auth
function http.jwt(declaration) end

---@class jwt
---@field key string|secret
---@field algorithm? "HS256"|"RS256"|"ES256"
---@field key_id? string
---@field claims? table names with values, without tags; `iat`, `exp` and `jti` are made for each token
---@field expires? string|number how long a token is good (default: `"5m"`)
---@field header? string (default: `Authorization`)
---@field prefix? string (default: `"Bearer "`)
---@field query? string the parameter of the query that it goes into

--- A token from a token service, kept until it expires.
---```lua
--- auth = http.oauth2 {
---   token_url     = "https://login.example.com/token",
---   client_id     = "rules",
---   client_secret = secret "crm_client_secret",
---   scope         = "orders.write",
--- }
---```
---@param declaration oauth2
---@return auth
function http.oauth2(declaration) end

---@class oauth2
---@field token_url string without tags
---@field grant? "client_credentials"|"password"|"refresh_token"|"jwt_bearer" (default: `"client_credentials"`)
---@field client_id? string|secret
---@field client_secret? string|secret
---@field client_in? "header"|"body" where the client's id and secret go (default: `"header"`)
---@field scope? string
---@field audience? string
---@field params? rows further fields
---@field user? string|secret of the grant `password`
---@field password? string|secret of the grant `password`
---@field refresh_token? string|secret of the grant `refresh_token`
---@field key? string|secret of the grant `jwt_bearer`; so are the following
---@field algorithm? "HS256"|"RS256"|"ES256" (default: `"RS256"`)
---@field key_id? string
---@field claims? table
---@field expires? string|number (default: `"5m"`)
---@field timeout? string|number of a request to the token service (default: `"10s"`)

--- A certificate of TLS that the service asks for.
---```lua
--- auth = http.client_certificate { certificate = secret "crm_cert", key = secret "crm_cert_key" }
---```
---@param declaration client_certificate
---@return auth
function http.client_certificate(declaration) end

---@class client_certificate
---@field certificate string|secret
---@field key string|secret
---@field password? string|secret of the key

--- How much of a service may be used.
---@class limit
---@field concurrency? integer|"adaptive" requests on the wire at once, 1 to 1,000 (default: `"adaptive"`)
---@field rate? number|string requests a second, or `"600/m"`, `"1000/h"` (default: no limit)
---@field burst? integer how many of them may go at once after a rest (default: 1)
---@field body? integer|string the largest body of a request, as `"64KiB"` (default: what `--max-body` says)

--- When somebody is told that a service does not work.
---@class failing
---@field period? string|number without one success (default: 24 hours)
---@field disable? boolean `true`: it is paused then

--- How a request that fails is sent again.
---@class retry
---@field schedule? (string|number)[] the waits before the second, third … attempt, up to 7 days each
---@field jitter? string by how much each wait differs at most (default: `"20%"`)
---@field attempts? integer in all, the first included, up to 100; the last wait repeats

--- Who asks, in the message itself.
---@class soap_security
---@field username? string
---@field password? string|secret
---@field digest? boolean `true`: the password goes as a digest, else as text
---@field timestamp? string|number for how long the message is good

--- What one call of a SOAP service has beside its operation and arguments.
---@class soap_options
---@field soap_headers? table SOAP headers, by the names of their elements

--- A declared service.
---@class service
---@field name string
service = {}

--- Sends the request durably, and goes on. Gives the id of the delivery.
---```lua
--- slack.sales:send { json = { text = "Sale by " .. call.agent_first_name } }
---```
---@param overrides? overrides what differs from the declaration
---@return string|nil
function service:send(overrides) end

--- Sends the request, waits for the answer, and gives it. After its last attempt a failure ends the run.
---```lua
--- local order = crm.orders:call { json = { extern_id = call.extern_id } }
---```
---@param overrides? overrides
---@return answer
function service:call(overrides) end

--- The same, but a failure gives nil and what failed.
---```lua
--- local answer, problem = crm.lookup:try_call()
--- if not answer then skip(problem.message) end
---```
---@param overrides? overrides
---@return answer|nil, failure|nil
function service:try_call(overrides) end

--- What may differ in one request.
---@class overrides
---@field url? string
---@field method? string
---@field params? table added, or in the place of those of the same name
---@field headers? table added, or in the place of those of the same name
---@field form? table
---@field json? any
---@field xml? string
---@field text? string
---@field body? string

--- What a service answered. A field of a JSON object is a field of the answer, too.
---@class answer
---@field status integer
---@field headers table<string, string> any case finds them
---@field body string
---@field json any the body as JSON; nil when it is none
---@field [string] any

--- Why a call failed.
---@class failure
---@field kind string `status`, `timeout`, `refused`, `dns`, `tls`, `reset`, `auth`, `expired`, `inactive` …
---@field status integer|nil
---@field message string
---@field answer answer|nil
