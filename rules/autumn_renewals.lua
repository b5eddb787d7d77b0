-- Autumn Renewals: an outbound campaign that sells.
serves { "/campaigns/8842" }

local crm  = require "services.crm"
local chat = require "services.chat"

-- The CRM hears of every talk that lasted.
rule "send call details" {
  on   = "agent_termination",
  when = { sess_duration = at_least(10) },
  fire = crm.call_details,
}

-- A sale makes an order first; the chat is told its number.
rule "a sale creates an order" {
  on   = "post_disposition",
  when = { agent_disposition = { "Sale", "Upsell" } },
  run  = function(call)
    local order = crm.orders:call()
    chat.sales:send {
      json = { text = "Sale by " .. tostring(call.agent_first_name or "an agent") .. ", order " .. order.OrderId },
    }
  end,
}

-- The end of the call and its disposition are two events; the CRM wants one record.
rule "one CRM record a call" {
  on   = "post_call",
  when = { call_result = "CONNECTED" },
  once = "#uii#",
  run  = function(call)
    local disposed = wait_for("post_disposition", { within = "10m" })
    crm.records:send {
      json = {
        call   = call.uii,
        lead   = call.extern_id,
        result = disposed and disposed.agent_disposition or "No Disposition",
      },
    }
  end,
}

-- Nobody spoke: there is nothing to wait for.
rule "a call without an agent" {
  on   = "post_call",
  when = { call_result = not_("CONNECTED") },
  once = "#uii#",
  run  = function(call)
    crm.records:send { json = { call = call.uii, lead = call.extern_id, result = call.call_result } }
  end,
}
