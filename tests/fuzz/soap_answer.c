/* An answer, read by the schemas of SOAP_WSDL (an environment variable) and without any. */
#include "soap/answer.h"
#include "soap/folder.h"

static void read_answer(const struct wsdl *wsdl, const struct soap_target *target, struct str text)
{
	struct soap_answer answer;
	struct arena arena;
	struct error error;
	arena_init(&arena, 64 << 20);
	soap_answer_read(wsdl, target, text, (struct str){0}, NULL, &arena, &answer, &error);
	arena_finish(&arena);
}

static struct wsdl *load(void)
{
	const char *path = getenv("SOAP_WSDL");
	struct soap_folder folder;
	struct wsdl *wsdl = NULL;
	struct error error;
	char *name;
	if (!path || soap_folder_of(path, 0, &folder, &name, &error))
		abort();
	struct soap_files files = soap_folder_files(&folder);
	if (wsdl_load(&files, str_of(name), &wsdl, &error))
		abort();
	soap_folder_finish(&folder);
	free(name);
	return wsdl;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	static struct wsdl *wsdl;
	if (!wsdl)
		wsdl = load();
	struct str text = {(const char *)data, n};
	read_answer(NULL, NULL, text);
	for (uint32_t i = 0; i < wsdl->services[0].n_ports; i++) {
		const struct soap_port *port = &wsdl->services[0].ports[i];
		for (uint32_t k = 0; k < port->n_operations; k++) {
			struct soap_target target = {&wsdl->services[0], port, &port->operations[k],
						     port->version};
			read_answer(wsdl, &target, text);
		}
	}
	return 0;
}
