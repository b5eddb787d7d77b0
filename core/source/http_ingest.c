#include "source/http_ingest.h"

#include "base/list.h"
#include "format/json.h"
#include "source/ingest_forms.h"

enum {
	PAIRS_MAX =
		1100, /* headers or parameters that are looked at; the forms have lower bounds of their own */
	IDS_MAX = 16 * 1024 * 1024,
	CLOSED_RETRY_S = 5,
	REFUSED_RETRY_S = 1,
};

struct http_ingest {
	struct engine *engine;
	struct mailbox *mailbox;
	struct clock *clock;
	const struct log *log;
	struct list waiting; /* requests whose acceptance is under way */
	http_handler lookup; /* or NULL */
	void *lookup_context;
	bool closed;
	bool refusing; /* the last acceptance was none; so that a full engine does not fill the log */
};

/* One request on its way through the engine. */
struct waiting {
	struct acceptance acceptance;
	struct list in_ingest;
	struct http_ingest *ingest;   /* NULL: it is gone; nobody is left to answer */
	struct http_request *request; /* never gone before it was answered */
	struct event_list list;
	bool duplicates[];
};

static const struct header json_type = {{"Content-Type", 12}, {"application/json", 16}};

/* --- The answer ------------------------------------------------------------------------------------------
 */

static void write_answer(const struct acceptance *acceptance, struct buf *out)
{
	buf_printf(out, "{\"accepted\":%zu,\"duplicates\":%zu,\"ids\":[",
		   acceptance->n - acceptance->n_duplicates, acceptance->n_duplicates);
	for (size_t i = 0; i < acceptance->n; i++) {
		if (i)
			buf_char(out, ',');
		json_write_string(out, acceptance->events[i]->id);
	}
	buf_str(out, STR("]}"));
}

static void answer_accepted(struct http_ingest *ingest, struct http_request *request,
			    const struct acceptance *acceptance)
{
	struct buf body;
	if (ingest->refusing)
		log_info(ingest->log, "events are accepted again");
	ingest->refusing = false;
	buf_init(&body, IDS_MAX);
	write_answer(acceptance, &body);
	http_respond(request, 202, &json_type, 1, buf_view(&body));
	buf_finish(&body);
}

static void answer_refused(struct http_ingest *ingest, struct http_request *request,
			   const struct acceptance *acceptance)
{
	int retry_after_s = acceptance->retry_after_s > 0 ? acceptance->retry_after_s : REFUSED_RETRY_S;
	if (!ingest->refusing)
		log_warn(ingest->log, "events are refused", "why", acceptance->error.what);
	ingest->refusing = true;
	http_respond_problem(request, 503, &acceptance->error, retry_after_s);
}

static void on_acceptance(struct message *message)
{
	struct waiting *waiting = container_of(message, struct waiting, acceptance.message);
	if (waiting->ingest) {
		list_remove(&waiting->in_ingest);
		if (waiting->acceptance.refused)
			answer_refused(waiting->ingest, waiting->request, &waiting->acceptance);
		else
			answer_accepted(waiting->ingest, waiting->request, &waiting->acceptance);
	}
	event_list_finish(&waiting->list);
	free(waiting);
}

/* Takes over the list. */
static void hand_over(struct http_ingest *ingest, struct http_request *request, struct event_list *list)
{
	struct waiting *waiting = mem_alloc(sizeof *waiting + list->n * sizeof(bool));
	waiting->ingest = ingest;
	waiting->request = request;
	waiting->list = *list;
	waiting->acceptance.message.deliver = on_acceptance;
	waiting->acceptance.reply_to = ingest->mailbox;
	waiting->acceptance.events = list->events;
	waiting->acceptance.duplicates = waiting->duplicates;
	waiting->acceptance.n = list->n;
	list_append(&ingest->waiting, &waiting->in_ingest);
	if (engine_accept(ingest->engine, &waiting->acceptance))
		on_acceptance(&waiting->acceptance.message);
}

/* --- The request -----------------------------------------------------------------------------------------
 */

struct pairs {
	struct header pairs[PAIRS_MAX];
	size_t n;
};

static void add_pair(void *context, struct str name, struct str value)
{
	struct pairs *pairs = context;
	if (pairs->n < PAIRS_MAX)
		pairs->pairs[pairs->n++] = (struct header){name, value};
}

static void add_attribute(void *context, struct str name, struct str value)
{
	if (name.n > 3 && str_eq_nocase((struct str){name.p, 3}, STR("ce-")))
		add_pair(context, name, value);
}

/* The deliveries of rules that led here: one more than the delivery says. One that says nothing is the first.
 */
static int hops_of(struct http_request *request)
{
	struct str hops = http_request_header(request, EVENT_HOPS_HEADER);
	struct str delivery = http_request_header(request, "webhook-id");
	if (hops.p)
		return event_hops_parse(hops) + 1;
	return delivery.p && str_starts(delivery, STR("msg_"));
}

/* Rules that send events to their own engine, and are set off by them, would go on for ever. */
static bool refuse_loop(struct http_request *request, int hops)
{
	struct error error;
	if (hops <= EVENT_HOPS_MAX)
		return false;
	error_set(&error, "a loop: %d deliveries of rules have led to this event, one after the other",
		  EVENT_HOPS_MAX);
	error_hint(&error,
		   "a rule is set off by events that its own deliveries make; `when` can tell them apart");
	http_respond_problem(request, 508, &error, 0);
	return true;
}

static void take(struct http_ingest *ingest, struct http_request *request, struct ingest_request *form)
{
	struct event_list list = {0};
	struct error error;
	int status;
	struct event_limits limits = {.traceparent = http_request_header(request, "ce-traceparent")};
	if (!limits.traceparent.p)
		limits.traceparent = http_request_header(request, "traceparent");
	limits.hops = hops_of(request);
	if (refuse_loop(request, limits.hops))
		return;
	form->is_get = str_eq(http_request_method(request), STR("GET"));
	form->content_type = http_request_header(request, "content-type");
	form->body = http_request_body(request);
	if (ingest_translate(form, &limits, clock_wall_ms(ingest->clock), &list, &status, &error) < 0) {
		event_list_finish(&list);
		http_respond_problem(request, status, &error, 0);
	} else if (list.n == 0) {
		event_list_finish(&list);
		http_respond(request, 202, &json_type, 1,
			     STR("{\"accepted\":0,\"duplicates\":0,\"ids\":[]}"));
	} else {
		hand_over(ingest, request, &list);
	}
}

static bool refuse_when_closed(const struct http_ingest *ingest, struct http_request *request)
{
	struct error error;
	if (!ingest->closed)
		return false;
	error_set(&error, "the engine is stopping");
	http_respond_problem(request, 503, &error, CLOSED_RETRY_S);
	return true;
}

static void on_events(void *context, struct http_request *request)
{
	struct pairs headers;
	headers.n = 0;
	if (refuse_when_closed(context, request))
		return;
	http_request_each_header(request, add_attribute, &headers);
	take(context, request, &(struct ingest_request){.headers = headers.pairs, .n_headers = headers.n});
}

static void note_parameter(void *context, struct str name, struct str value)
{
	*(bool *)context = true;
}

static bool is_lookup(const struct http_ingest *ingest, const struct http_request *request)
{
	bool has_parameter = false;
	http_request_each_query(request, note_parameter, &has_parameter);
	return ingest->lookup && !has_parameter && !str_eq(http_request_method(request), STR("POST"));
}

static void on_short(void *context, struct http_request *request)
{
	struct http_ingest *ingest = context;
	struct pairs query;
	struct error error;
	query.n = 0;
	if (is_lookup(ingest, request)) {
		ingest->lookup(ingest->lookup_context, request);
		return;
	}
	if (refuse_when_closed(context, request))
		return;
	if (str_eq(http_request_method(request), STR("HEAD"))) {
		/* It comes here with GET, which hands over an event; HEAD must not change anything. */
		error_set(&error, "this path takes POST and GET");
		http_respond_problem(request, 405, &error, 0);
		return;
	}
	struct str type = http_request_path(request);
	type.p += sizeof "/v1/events/" - 1;
	type.n -= sizeof "/v1/events/" - 1;
	http_request_each_query(request, add_pair, &query);
	take(context, request,
	     &(struct ingest_request){.type = type, .query = query.pairs, .n_query = query.n});
}

static void on_healthz(void *context, struct http_request *request)
{
	http_respond(request, 200, &json_type, 1, STR("{\"status\":\"ok\"}"));
}

/* --- Life ------------------------------------------------------------------------------------------------
 */

struct http_ingest *http_ingest_create(struct http_server *server, struct engine *engine,
				       struct mailbox *mailbox, struct clock *clock, const struct log *log)
{
	struct http_ingest *ingest = mem_zalloc(sizeof *ingest);
	ingest->engine = engine;
	ingest->mailbox = mailbox;
	ingest->clock = clock;
	ingest->log = log;
	list_init(&ingest->waiting);
	http_server_route(server, "POST", "/v1/events", on_events, ingest);
	http_server_route(server, "POST", "/v1/events/*", on_short, ingest);
	http_server_route(server, "GET", "/v1/events/*", on_short, ingest);
	http_server_route(server, "GET", "/healthz", on_healthz, ingest);
	return ingest;
}

void http_ingest_on_lookup(struct http_ingest *ingest, http_handler handler, void *context)
{
	ingest->lookup = handler;
	ingest->lookup_context = context;
}

void http_ingest_close(struct http_ingest *ingest)
{
	ingest->closed = true;
}

void http_ingest_destroy(struct http_ingest *ingest)
{
	struct list *at;
	while ((at = list_first(&ingest->waiting))) {
		container_of(at, struct waiting, in_ingest)->ingest = NULL;
		list_remove(at);
	}
	free(ingest);
}
