#include "api/api_private.h"

#include "api/guard.h"

static bool refuse_foreign(void *context, struct http_request *request)
{
	const struct api_options *options = &((const struct api *)context)->options;
	struct guard_request asked = {
		.method = http_request_method(request),
		.path = http_request_path(request),
		.host = http_request_header(request, "host"),
		.origin = http_request_header(request, "origin"),
		.fetch_site = http_request_header(request, "sec-fetch-site"),
		.fetch_mode = http_request_header(request, "sec-fetch-mode"),
	};
	struct error error = {0};
	if (options->any_host_name)
		asked.host_is_ours = true;
	if (guard_check(&asked, options->host_names, options->n_host_names, &error) == 0)
		return false;
	http_respond_problem(request, 403, &error, 0);
	return true;
}

struct api *api_create(const struct api_options *options)
{
	struct api *api = mem_zalloc(sizeof *api);
	api->options = *options;
	api->started_ms = clock_wall_ms(options->clock);
	list_init(&api->jobs);
	list_init(&api->redelivery_jobs);
	routes_deliveries(api, options->server);
	routes_redeliver(api, options->server);
	routes_events(api, options->server);
	routes_rules(api, options->server);
	routes_reload(api, options->server);
	routes_services(api, options->server);
	routes_status(api, options->server);
	routes_metrics(api, options->server);
	routes_stream(api, options->server);
	routes_history(api, options->server);
	routes_rule_files(api, options->server);
	api->console = console_create(options->server, options->web_root);
	http_server_guard(options->server, refuse_foreign, api);
	api_threads_start(api);
	return api;
}

void api_close(struct api *api)
{
	if (api->closed)
		return;
	api->closed = true;
	stream_close(api);
	history_close(api);
	api_threads_end(api);
}

void api_destroy(struct api *api)
{
	if (!api)
		return;
	ensure(api->closed);
	for (struct list *item; (item = list_first(&api->jobs));) {
		struct job *job = container_of(item, struct job, in_api);
		list_remove(&job->in_api);
		job->api = NULL;
		redelivery_abandon(job);
	}
	console_destroy(api->console);
	free(api);
}
