-- The CRM's web services. A campaign takes them with: local crm = require "services.crm"

-- In the demo a sink answers here. Put your own address in its place.
local crm = "http://127.0.0.1:8585/crm"

return {
  -- A form, filled from the tags of the event.
  call_details = http.service {
    name   = "A test web service",
    method = "POST",
    url    = crm .. "/webhooks",
    form   = {
      { "agent_id",       "#agent_id#" },
      { "agent_username", "#agent_username#" },
      { "ani",            "#ani#" },
      { "dnis",           "#dnis#" },
      { "call_start",     "#call_start#" },
      { "recording_url",  "#recording_url#" },
    },
    timeout = "10s",
  },

  -- The same as JSON, typed as the receiver's manual shows it.
  call_details_json = http.service {
    name   = "A test web service (JSON)",
    method = "POST",
    url    = crm .. "/webhooks/json",
    json   = [[
{
  "agentId": "#agent_id#",
  "agentUsername": "#agent_username#",
  "ani": "#ani#",
  "dnis": "#dnis#",
  "callStart": "#call_start#",
  "duration": "#duration#",
  "recordingUrl": "#recording_url#"
}
]],
  },

  -- Answers with the number of the order: {"OrderId": "SO-55120"}
  orders = http.service {
    name   = "CRM orders",
    method = "POST",
    url    = crm .. "/orders",
    json   = {
      externId = "#extern_id#",
      customer = { first = "#first_name#", last = "#last_name#", phone = "#lead_phone|e164:US#" },
      plan     = "#aux_data1#",
      notes    = "#agent_notes#",
    },
  },

  -- What to write is given by the rule.
  records = http.service {
    name   = "CRM records",
    method = "PUT",
    url    = crm .. "/records/#uii#",
  },
}
