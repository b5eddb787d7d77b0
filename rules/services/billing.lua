-- The billing system, which speaks SOAP: `switchhook soap operations rules/services/billing.wsdl` shows what it offers.
return {
  accounts = soap.service {
    name = "Billing accounts",
    wsdl = "billing.wsdl",
  },
}
