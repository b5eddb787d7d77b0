/* core/source/http_ingest.h
 *
 * POST /v1/events and POST or GET /v1/events/TYPE: every form in which senders hand over events, and the
 * answer once they are accepted. Also GET /healthz.
 */
#pragma once

#include "engine/engine.h"
#include "source/http_server.h"

struct http_ingest;

/* Adds its routes to the server. `mailbox` is the main thread's; acceptances come back by it. */
struct http_ingest *http_ingest_create(struct http_server *server, struct engine *engine,
				       struct mailbox *mailbox, struct clock *clock, const struct log *log);

/* GET /v1/events/NAME without any parameter hands over no event, which needs at least a source: it asks for
 * the event of that id, and is given to this handler. Before the first request. */
void http_ingest_on_lookup(struct http_ingest *ingest, http_handler handler, void *context);

/* From now on answers 503 to new events: the engine is stopping. */
void http_ingest_close(struct http_ingest *ingest);

/* After http_server_destroy, which may still bring a last request. Acceptances that are under way free
 * themselves when they are delivered, without an answer; none may be delivered between the two. */
void http_ingest_destroy(struct http_ingest *ingest);
