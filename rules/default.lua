-- Serves every source that no other script names.
rule "nobody serves this source" {
  on  = "post_call",
  run = function(call, event)
    log("no campaign serves " .. event.source)
  end,
}
