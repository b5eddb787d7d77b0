#include "api/api_private.h"

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
	routes_status(api, options->server);
	routes_metrics(api, options->server);
	routes_stream(api, options->server);
	api_thread_start(api);
	return api;
}

void api_close(struct api *api)
{
	if (api->closed)
		return;
	api->closed = true;
	stream_close(api);
	api_thread_end(api);
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
	free(api);
}
