-- The help desk.
return {
  tickets = http.service {
    name    = "Help desk tickets",
    method  = "POST",
    url     = "http://127.0.0.1:8585/helpdesk/tickets",
    headers = { { "x-queue", "#gate_id#" } },
    json    = {
      subject  = "Missed call from #ani|e164:US#",
      queue    = "#gate_name#",
      waited_s = "#queue_duration|json#",
      called   = "#call_start|time:'%Y-%m-%dT%H:%M:%S%z','America/Los_Angeles','America/New_York'#",
    },
  },
}
