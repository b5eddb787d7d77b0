/* A WSDL with its schemas: loads, describes, and builds an empty answer of every operation. */
#include "soap/describe.h"
#include "soap/envelope.h"

static int read_input(void *context, struct str path, struct arena *arena, struct str *ret,
		      struct error *reterr)
{
	*ret = *(const struct str *)context;
	return 0;
}

static void build_all(const struct wsdl *wsdl, const struct soap_service *service,
		      const struct soap_port *port)
{
	for (uint32_t i = 0; i < port->n_operations && i < 100; i++) {
		struct soap_target target = {service, port, &port->operations[i], port->version};
		struct error error;
		struct buf out;
		buf_init(&out, 1 << 20);
		soap_answer_build(wsdl, &target, NULL, &out, &error);
		soap_request_build(wsdl, &target, NULL, NULL, &out, &error);
		buf_finish(&out);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str text = {(const char *)data, n};
	struct soap_files files = {read_input, &text};
	struct soap_describe_options options = {.skeletons = true};
	struct wsdl *wsdl;
	struct error error;
	struct buf out;
	if (wsdl_load(&files, STR("fuzz.wsdl"), &wsdl, &error))
		return 0;
	buf_init(&out, 4 << 20);
	soap_describe(wsdl, &options, &out);
	buf_finish(&out);
	for (uint32_t i = 0; i < wsdl->n_services; i++)
		for (uint32_t k = 0; k < wsdl->services[i].n_ports; k++)
			build_all(wsdl, &wsdl->services[i], &wsdl->services[i].ports[k]);
	wsdl_free(wsdl);
	return 0;
}
