#include "simulate/report.h"

#include "api/json_put.h"
#include "api/mask.h"
#include "api/query.h"
#include "format/json.h"

enum { REASON_MAX = 8192, URL_MAX = 256 * 1024 };

static void put_event(struct buf *out, const struct event *event)
{
	put_key(out, "event");
	buf_char(out, '{');
	put_text(out, "id", event->id);
	put_text(out, "type", event->type);
	put_text(out, "source", event->source);
	put_text(out, "subject", event->subject);
	put_text(out, "time", event->time);
	buf_char(out, '}');
}

static void put_attempt(struct buf *out, const struct result *result, const struct result_attempt *attempt)
{
	put_item(out);
	buf_char(out, '{');
	put_number(out, "at_ms", attempt->at_ms - result->event->time_ms);
	if (attempt->status)
		put_number(out, "status", attempt->status);
	else
		put_null(out, "status");
	put_text(out, "error",
		 attempt->failure == FAILURE_NONE ? (struct str){0} : str_of(failure_name(attempt->failure)));
	buf_char(out, '}');
}

static void put_delivery(struct buf *out, const struct result *result, const struct result_delivery *item)
{
	struct buf url;
	buf_init(&url, URL_MAX);
	mask_url(&url, item->url);
	put_item(out);
	buf_char(out, '{');
	put_text(out, "service", item->service_name);
	put_text(out, "verb", item->verb);
	put_text(out, "method", item->method);
	put_text(out, "url", buf_view(&url));
	put_headers(out, item->headers, item->n_headers);
	put_body(out, item->body);
	put_text(out, "state", str_of(delivery_state_name(item->state)));
	put_number(out, "at_ms", item->at_ms - result->event->time_ms);
	put_key(out, "attempts");
	buf_char(out, '[');
	for (const struct result_attempt *attempt = item->attempts; attempt; attempt = attempt->next)
		put_attempt(out, result, attempt);
	buf_str(out, STR("]}"));
	buf_finish(&url);
}

static void put_rule(struct buf *out, const struct result *result, const struct result_rule *rule)
{
	struct buf text;
	buf_init(&text, REASON_MAX);
	put_text(out, "rule", rule->rule->name);
	put_text(out, "outcome", str_of(result_outcome(result, rule)));
	put_text(out, "reason", result_reason(result, rule, &text));
	put_key(out, "deliveries");
	buf_char(out, '[');
	for (const struct result_delivery *item = rule->deliveries; item; item = item->next)
		put_delivery(out, result, item);
	buf_char(out, ']');
	put_key(out, "log");
	buf_char(out, '[');
	for (const struct runlog_line *line = rule->log.first; line; line = line->next) {
		put_item(out);
		json_write_string(out, line->text);
	}
	buf_char(out, ']');
	buf_finish(&text);
}

static void put_nobody(struct buf *out, const struct result *result)
{
	put_null(out, "rule");
	put_text(out, "outcome", STR("no_rule"));
	put_text(out, "reason", result->reason);
	put_key(out, "deliveries");
	buf_str(out, STR("[]"));
	put_key(out, "log");
	buf_str(out, STR("[]"));
}

/* The line of the n-th rule; of an event that nobody asks for there is one line. */
static void put_line(struct buf *out, const struct result *result, size_t n)
{
	buf_char(out, '{');
	put_event(out, result->event);
	put_text(out, "campaign", result->campaign ? result->campaign->name : (struct str){0});
	if (result->nobody)
		put_nobody(out, result);
	else
		put_rule(out, result, &result->rules[n]);
	buf_char(out, '}');
}

static size_t lines_of(const struct result *result)
{
	return result->nobody ? 1 : result->n_rules;
}

void report_lines(struct buf *out, const struct result *result)
{
	for (size_t i = 0; i < lines_of(result); i++) {
		put_line(out, result, i);
		buf_char(out, '\n');
	}
}

void report_items(struct buf *out, const struct result *result)
{
	for (size_t i = 0; i < lines_of(result); i++) {
		put_item(out);
		put_line(out, result, i);
	}
}
