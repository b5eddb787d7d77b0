/* A delivery as JSON, with what is secret masked. */
#include "api/api_private.h"

#include "api/mask.h"
#include "format/exchange_text.h"
#include "format/json.h"

enum { ATTEMPTS_ARENA_MAX = 64 << 20, URL_SHOWN_MAX = 64 * 1024 };

static void show_body(struct buf *out, struct str body, enum shown shown)
{
	if (shown == SHOW_ALL || !body.n) {
		put_body(out, body);
		return;
	}
	put_bool(out, "body_left_out", true);
}

static void show_request(struct buf *out, struct str text, enum shown shown)
{
	struct request *request = request_from_text(text);
	struct buf url;
	if (!request) {
		put_null(out, "method");
		put_null(out, "url");
		put_key(out, "headers");
		buf_str(out, STR("{}"));
		put_null(out, "body");
		return;
	}
	buf_init(&url, URL_SHOWN_MAX);
	mask_url(&url, request->url);
	put_text(out, "method", request->method);
	put_text(out, "url", buf_view(&url));
	put_headers(out, request->headers, request->n_headers);
	show_body(out, request->body, shown);
	buf_finish(&url);
	free(request);
}

static void show_attempt(struct buf *out, const struct value *stored, enum shown shown)
{
	int64_t at_ms;
	struct answer *answer = attempt_from_json(stored, &at_ms);
	if (!answer)
		return;
	put_item(out);
	buf_char(out, '{');
	put_time(out, "time", at_ms);
	put_number(out, "at_ms", at_ms);
	put_number(out, "took_ms", answer->took_us / 1000);
	if (answer->status)
		put_number(out, "status", answer->status);
	else
		put_null(out, "status");
	put_text(out, "error",
		 answer->failure == FAILURE_NONE ? (struct str){0} : str_of(failure_name(answer->failure)));
	put_text_or_null(out, "detail", str_of(answer->detail));
	put_headers(out, answer->headers, answer->n_headers);
	show_body(out, answer->body, shown);
	put_bool(out, "cut", answer->cut);
	put_bool(out, "sent_twice", answer->sent_twice);
	buf_char(out, '}');
	free(answer);
}

static void show_attempts(struct buf *out, struct str json, enum shown shown)
{
	struct arena arena;
	struct value attempts;
	struct error error;
	arena_init(&arena, ATTEMPTS_ARENA_MAX);
	put_key(out, "attempts");
	buf_char(out, '[');
	if (json_parse(json, (struct json_limits){0}, &arena, &attempts, &error) == 0 &&
	    attempts.kind == VALUE_ARRAY)
		for (uint32_t i = 0; i < attempts.n; i++)
			show_attempt(out, &attempts.items[i], shown);
	buf_char(out, ']');
	arena_finish(&arena);
}

void show_delivery(struct buf *out, const struct journal_delivery *row, enum shown shown)
{
	bool pending = row->state == DELIVERY_PENDING;
	bool no_failure = !row->failure.n || str_eq(row->failure, STR("none"));
	if (row->n)
		put_number(out, "n", (int64_t)row->n);
	put_text(out, "id", row->id);
	put_time(out, "time", row->created_ms);
	put_number(out, "created_ms", row->created_ms);
	put_text(out, "state", str_of(delivery_state_name(row->state)));
	put_number(out, "attempt_count", row->attempts);
	if (row->status)
		put_number(out, "status", row->status);
	else
		put_null(out, "status");
	put_text(out, "error", no_failure ? (struct str){0} : row->failure);
	put_time(out, "next_time", pending ? row->next_ms : 0);
	if (pending)
		put_number(out, "next_ms", row->next_ms);
	else
		put_null(out, "next_ms");
	put_text(out, "service", row->service);
	put_text(out, "verb", row->verb);
	put_text(out, "campaign", row->campaign);
	put_text(out, "rule", row->rule);
	put_number(out, "step", row->step);
	put_text(out, "call", row->call);
	put_number(out, "event_seq", (int64_t)row->seq);
	if (shown != SHOW_ROW) {
		show_request(out, row->request, shown);
		show_attempts(out, row->attempts_json, shown);
	}
}
