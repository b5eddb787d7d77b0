-- Collections: an outbound campaign whose results go to the billing system, which speaks SOAP.
serves { "/campaigns/8850" }

local billing = require "services.billing"

local results = { ["Promise to Pay"] = "promised", ["Refused"] = "refused" }

rule "what was agreed is recorded" {
  on   = "post_disposition",
  when = { agent_disposition = { "Promise to Pay", "Refused" } },
  run  = function(call)
    if not call.extern_id then
      skip "the lead has no account"
    end
    local answer, err = billing.accounts:try_call("RecordCall", {
      account = call.extern_id,
      result  = results[call.agent_disposition],
      note    = call.agent_notes,
    })
    if err and err.kind == "fault" then
      skip("billing says: " .. err.reason)
    elseif err then
      error("billing cannot be reached: " .. err.kind)
    end
    log("entry", answer.entry)
  end,
}
