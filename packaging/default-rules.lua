-- Serves every source that no other script names. Put your campaigns beside this file, and your services into services/; the
-- examples in /usr/share/doc/switchhook/examples show both. `switchhook check --rules /etc/switchhook/rules` says what is wrong.
rule "nobody serves this source" {
  on  = "*",
  run = function(call, event)
    log("no campaign serves " .. event.source)
  end,
}
