/* core/simulate/http_simulate.h
 *
 * Rules as they would be, tried over HTTP: checked, simulated, and compared with those that serve. Nothing is
 * sent, and nothing is kept but by PUT /v1/rules/files, where the engine was started for that. Worked on by
 * the API's thread for trials, so that it holds up no event and no list.
 */
#pragma once

#include "api/api.h"

/* Adds the routes. Main thread, before the first request. */
void simulate_routes(struct api *api, struct http_server *server);

/* Handlers of the routes that have files of their own. */
void simulate_on_diff(void *context, struct http_request *request);
void simulate_on_check(void *context, struct http_request *request);
void simulate_on_edit(void *context, struct http_request *request);
void simulate_on_samples(void *context, struct http_request *request);
