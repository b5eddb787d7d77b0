/* Which secrets the services name, for whoever checks that they are there. */
#include "script/load.h"

#include "format/secret_mark.h"
#include "soap/client.h"

struct secret_collection {
	struct vec uses;
	const struct service *service;
	struct loader *loader;
};

static void add_secret(void *context, const char *name)
{
	struct secret_collection *collection = context;
	struct secret_use *use = vec_add(&collection->uses, sizeof *use);

	*use = (struct secret_use){loader_copy(collection->loader, str_of(name)), collection->service->file,
				   collection->service->line};
}

static void add_row_secrets(struct secret_collection *collection, const struct rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		template_each_secret(&rows->rows[i].value, add_secret, collection);
}

static void add_auth_secrets(struct secret_collection *collection, const struct auth *auth)
{
	const struct oauth2 *oauth2 = &auth->oauth2;
	struct template *texts[AUTH_TEXTS];

	auth_texts((struct auth *)(uintptr_t)auth, texts);
	for (size_t i = 0; i < AUTH_TEXTS; i++)
		template_each_secret(texts[i], add_secret, collection);
	for (size_t i = 0; i < oauth2->n_fields; i++)
		template_each_secret(&oauth2->fields[i].value, add_secret, collection);
}

static void add_service_secrets(struct secret_collection *collection, const struct service *service)
{
	collection->service = service;
	template_each_secret(&service->url, add_secret, collection);
	template_each_secret(&service->body, add_secret, collection);
	add_row_secrets(collection, &service->params);
	add_row_secrets(collection, &service->headers);
	add_row_secrets(collection, &service->form);
	if (service->soap) {
		struct secret_mark mark;

		if (secret_mark_find(service->soap->password, 0, &mark))
			add_secret(collection, mark.name);
	}
	for (size_t i = 0; i < service->n_auths; i++)
		add_auth_secrets(collection, service->auths[i]);
	for (size_t i = 0; service->sign && i < service->sign->n_keys; i++)
		template_each_secret(&service->sign->keys[i], add_secret, collection);
}

static int by_secret(const void *a, const void *b)
{
	const struct secret_use *x = a, *y = b;
	int order = str_cmp(x->name, y->name);

	if (!order)
		order = str_cmp(x->file, y->file);
	return order ? order : x->line - y->line;
}

void list_secrets(struct loader *loader)
{
	struct secret_collection collection = {.loader = loader};
	struct ruleset *ruleset = loader->ruleset;
	struct secret_use *uses;
	size_t n = 0;

	for (size_t i = 0; i < ruleset->n_services; i++)
		add_service_secrets(&collection, ruleset->services[i]);
	uses = collection.uses.items;
	if (collection.uses.n)
		qsort(uses, collection.uses.n, sizeof *uses, by_secret);
	for (size_t i = 0; i < collection.uses.n; i++) {
		if (!n || by_secret(&uses[n - 1], &uses[i]))
			uses[n++] = uses[i];
	}
	collection.uses.n = n;
	ruleset->secrets = loader_array(loader, &collection.uses, sizeof *uses);
	ruleset->n_secrets = n;
	vec_finish(&collection.uses);
}
