/* core/simulate/http_simulate.h
 *
 * POST /v1/simulate: a simulation with the rules that serve, or with changes to them that are only tried.
 */
#pragma once

#include "api/api.h"

/* Adds the route. Main thread, before the first request. */
void simulate_routes(struct api *api, struct http_server *server);
