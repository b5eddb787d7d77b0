-- Messages to the team's chat. The rule gives the text.
return {
  sales = http.service {
    name    = "Chat #sales",
    method  = "POST",
    url     = "http://127.0.0.1:8585/chat/sales",
    timeout = "5s",
  },
}
