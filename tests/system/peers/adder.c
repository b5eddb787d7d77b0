/* A gSOAP service: adds and divides, and knows a fault. Says its port on its first line. */
#include "soapH.h"
#include "adder.nsmap"

#include <arpa/inet.h>
#include <signal.h>
#include <unistd.h>

int ns__add(struct soap *soap, double a, double b, double *result)
{
	*result = a + b;
	return SOAP_OK;
}

int ns__divide(struct soap *soap, double a, double b, double *result)
{
	if (b == 0)
		return soap_sender_fault(soap, "division by zero", "<left>0</left>");
	*result = a / b;
	return SOAP_OK;
}

static void stop(int number)
{
	_exit(0);
}

int main(void)
{
	struct soap soap;
	struct sockaddr_in address;
	socklen_t n = sizeof address;
	signal(SIGTERM, stop);
	soap_init(&soap);
	soap.send_timeout = soap.recv_timeout = 10;
	int listening = soap_bind(&soap, "127.0.0.1", 0, 16);
	if (listening < 0 || getsockname(listening, (struct sockaddr *)&address, &n))
		return 1;
	printf("{\"listening\": %d}\n", ntohs(address.sin_port));
	fflush(stdout);
	while (soap_accept(&soap) >= 0) {
		soap_serve(&soap);
		soap_destroy(&soap);
		soap_end(&soap);
	}
	return 0;
}
