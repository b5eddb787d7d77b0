-- Support and Billing: two queues, one set of rules.
serves { "/queues/72992", "/queues/72993" }

local crm      = require "services.crm"
local helpdesk = require "services.helpdesk"

rule "send call details" {
  on   = "agent_termination",
  fire = crm.call_details_json,
}

-- A caller who gave up is called back. Those who hung up at once did not mean us.
rule "an abandoned call becomes a ticket" {
  on   = "post_call",
  when = { call_result = "ABANDON", queue_duration = at_least(20) },
  fire = helpdesk.tickets,
}

-- One record a call, though every agent on it gives a disposition: the last one counts.
rule "one CRM record a call" {
  on   = "post_call",
  when = { call_result = "CONNECTED" },
  once = "#uii#",
  run  = function(call)
    local disposed = wait_for("post_disposition", { within = "10m" })
    if not disposed then
      skip "nobody chose a disposition within ten minutes"
    end
    crm.records:send {
      json = {
        call     = call.uii,
        agents   = #call.segments,
        result   = disposed.agent_disposition,
        notes    = disposed.agent_notes,
        duration = call.duration,
      },
    }
  end,
}
