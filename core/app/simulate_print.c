#include "app/simulate_print.h"

#include "api/mask.h"
#include "api/query.h"
#include "app/problems_print.h"

enum { TEXT_MAX = 256 * 1024, ANSWER_SHOWN = 200 };

#define DIM    "\033[2m"
#define BOLD   "\033[1m"
#define GREEN  "\033[32m"
#define RED    "\033[31m"
#define YELLOW "\033[33m"

static const char margin[] = "        ";

struct page {
	FILE *out;
	bool colour;
	const struct result *result;
};

static void begin(const struct page *page, const char *colour)
{
	if (page->colour)
		fputs(colour, page->out);
}

static void end(const struct page *page)
{
	if (page->colour)
		fputs("\033[0m", page->out);
}

static const char *colour_of(const char *outcome)
{
	switch (outcome[0]) {
	case 'd': /* done, diverged */
		return outcome[1] == 'o' ? GREEN : RED;
	case 'f':
		return RED;
	case 'w':
		return YELLOW;
	default:
		return DIM;
	}
}

/* "+0 ms", "+1.5 s", "+2 h 5 m": since the event. */
static void print_offset(const struct page *page, int64_t ms)
{
	long long s = ms / 1000;
	if (ms < 1000)
		fprintf(page->out, "+%lld ms", (long long)ms);
	else if (s < 60)
		fprintf(page->out, "+%lld.%03lld s", s, (long long)(ms % 1000));
	else if (s < 3600)
		fprintf(page->out, "+%lld m %lld s", s / 60, s % 60);
	else
		fprintf(page->out, "+%lld h %lld m", s / 3600, s % 3600 / 60);
}

/* --- requests --- */

static void print_body(const struct page *page, struct str body)
{
	if (!body.n)
		return;
	fprintf(page->out, "\n%s", margin);
	print_clean(page->out, body, margin);
	fputc('\n', page->out);
}

static void print_request(const struct page *page, const struct result_delivery *item)
{
	struct buf url;
	buf_init(&url, TEXT_MAX);
	mask_url(&url, item->url);
	fputs(margin, page->out);
	begin(page, BOLD);
	print_clean(page->out, item->method, "");
	fputc(' ', page->out);
	print_clean(page->out, buf_view(&url), "");
	end(page);
	fputc('\n', page->out);
	buf_finish(&url);
	for (size_t i = 0; i < item->n_headers; i++) {
		const struct header *header = &item->headers[i];
		fputs(margin, page->out);
		print_clean(page->out, header->name, "");
		fputs(": ", page->out);
		print_clean(page->out, header_is_secret(header->name) ? STR("***") : header->value, margin);
		fputc('\n', page->out);
	}
	print_body(page, item->body);
}

static void print_attempt(const struct page *page, const struct result_attempt *attempt)
{
	bool good = attempt->failure == FAILURE_NONE;
	fputs("      ", page->out);
	print_offset(page, attempt->at_ms - page->result->event->time_ms);
	fputs(": ", page->out);
	begin(page, good ? GREEN : RED);
	if (attempt->status)
		fprintf(page->out, "%d", attempt->status);
	else
		fputs(failure_name(attempt->failure), page->out);
	end(page);
	if (!attempt->status && attempt->detail.n) {
		fputs(", ", page->out);
		print_clean(page->out, attempt->detail, margin);
	}
	if (attempt->took_ms)
		fprintf(page->out, " after %lld ms", (long long)attempt->took_ms);
	struct str body = attempt->body;
	if (body.n) {
		bool cut = body.n > ANSWER_SHOWN;
		body.n = cut ? ANSWER_SHOWN : body.n;
		fputs("  ", page->out);
		begin(page, DIM);
		print_clean(page->out, body, margin);
		fputs(cut ? "…" : "", page->out);
		end(page);
	}
	fputc('\n', page->out);
}

static void print_delivery(const struct page *page, const struct result_delivery *item)
{
	fputs("      ", page->out);
	print_clean(page->out, item->verb, "");
	fputc(' ', page->out);
	begin(page, BOLD);
	print_clean(page->out, item->service_name, "");
	end(page);
	if (item->at_ms != page->result->event->time_ms) {
		fputs(" at ", page->out);
		print_offset(page, item->at_ms - page->result->event->time_ms);
	}
	if (item->state != DELIVERY_DELIVERED) {
		fputs(": ", page->out);
		begin(page, item->state == DELIVERY_PENDING ? YELLOW : RED);
		fputs(delivery_state_name(item->state), page->out);
		end(page);
	}
	fputc('\n', page->out);
	print_request(page, item);
	for (const struct result_attempt *attempt = item->attempts; attempt; attempt = attempt->next)
		print_attempt(page, attempt);
}

/* --- rules --- */

static void print_step(const struct page *page, const struct result_step *step)
{
	if (!step->over)
		return;
	fputs("      ", page->out);
	print_clean(page->out, step->what, margin);
	fputs(step->by_event ? ": it came at " : ": over at ", page->out);
	print_offset(page, step->at_ms - page->result->event->time_ms);
	fputc('\n', page->out);
}

static void print_rule(const struct page *page, const struct result_rule *rule)
{
	const char *outcome = result_outcome(page->result, rule);
	struct buf text;
	buf_init(&text, TEXT_MAX);
	struct str reason = result_reason(page->result, rule, &text);
	fputs("  ", page->out);
	begin(page, rule->runs ? BOLD : DIM);
	print_clean(page->out, rule->rule->name, "");
	end(page);
	fputs(": ", page->out);
	begin(page, colour_of(outcome));
	for (const char *c = outcome; *c; c++)
		fputc(*c == '_' ? ' ' : *c, page->out);
	if (reason.n) {
		fputs(", ", page->out);
		print_clean(page->out, reason, margin);
	}
	end(page);
	fputc('\n', page->out);
	buf_finish(&text);
	if (rule->ended && rule->error)
		problem_print_details(page->out, rule->error, "    ");
	for (const struct result_step *step = rule->steps; step; step = step->next)
		print_step(page, step);
	for (const struct runlog_line *line = rule->log.first; line; line = line->next) {
		fputs("      log: ", page->out);
		print_clean(page->out, line->text, margin);
		fputc('\n', page->out);
	}
	for (const struct result_delivery *item = rule->deliveries; item; item = item->next)
		print_delivery(page, item);
}

/* Rules for other events are many, and all have the same reason: one line for all. */
static void print_unwanted(const struct page *page)
{
	const struct result *result = page->result;
	size_t n = 0;
	for (size_t i = 0; i < result->n_rules; i++) {
		const struct rule *rule = result->rules[i].rule;
		if (rule_wants(rule, result->event->type))
			continue;
		begin(page, DIM);
		fputs(n++ ? ", " : "  not for this event: ", page->out);
		print_clean(page->out, rule->name, "");
		end(page);
	}
	if (n)
		fputc('\n', page->out);
}

void result_print(FILE *out, const struct result *result, bool colour)
{
	const struct page page = {out, colour, result};
	const struct event *event = result->event;
	begin(&page, BOLD);
	print_clean(out, event->type, "");
	end(&page);
	fputs("  ", out);
	print_clean(out, event->time, "");
	fputs("  ", out);
	print_clean(out, event->source, "");
	fputs("  event ", out);
	print_clean(out, event->id, "");
	if (result->campaign) {
		fputs("  campaign ", out);
		print_clean(out, result->campaign->name, "");
	}
	fputc('\n', out);
	if (result->nobody) {
		fputs("  ", out);
		begin(&page, DIM);
		print_clean(out, result->reason, "  ");
		end(&page);
		fputc('\n', out);
	}
	for (size_t i = 0; !result->nobody && i < result->n_rules; i++)
		if (rule_wants(result->rules[i].rule, event->type))
			print_rule(&page, &result->rules[i]);
	if (!result->nobody)
		print_unwanted(&page);
	fputc('\n', out);
}
