/* core/simulate/http_coverage.h
 *
 * GET /v1/rules/coverage: which lines of the rules that serve the recorded events of the last days reach.
 * Nothing is counted while rules run for real: the events are played through them, with the answers of then.
 */
#pragma once

#include "api/api.h"

/* Adds the route. Main thread, before the first request. */
void coverage_routes(struct api *api, struct http_server *server);
