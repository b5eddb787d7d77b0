#include "app/delivery_print.h"

#include "app/client.h"
#include "app/problems_print.h"

void print_text(FILE *out, const struct value *object, const char *key)
{
	print_clean(out, json_text(object, key), "");
}

static void print_time(FILE *out, const struct value *object, const char *key)
{
	char time[32];
	print_clean(out, short_time(json_text(object, key), time), "");
}

static void print_row(FILE *out, const char *label, const struct value *object, const char *key)
{
	struct str text = json_text(object, key);
	if (!text.n)
		return;
	fprintf(out, "%-10s ", label);
	print_clean(out, text, "           ");
	fputc('\n', out);
}

static void print_result(FILE *out, const struct value *attempt)
{
	struct str status = json_text(attempt, "status"), error = json_text(attempt, "error"),
		   detail = json_text(attempt, "detail");
	print_clean(out, status.n ? status : error, "");
	if (!status.n && detail.n) {
		fputs(", ", out);
		print_clean(out, detail, "");
	}
	if (json_true(attempt, "sent_twice"))
		fputs(", sent twice", out);
	fprintf(out, " (%lld ms)", (long long)json_number(attempt, "took_ms"));
}

static void print_headers(FILE *out, const struct value *object, const char *indent)
{
	const struct value *headers = value_get(object, STR("headers"));
	struct str text;
	for (uint32_t i = 0; headers && headers->kind == VALUE_OBJECT && i < headers->n; i++) {
		fputs(indent, out);
		print_clean(out, headers->members[i].key, indent);
		fputs(": ", out);
		if (value_text(&headers->members[i].value, &text))
			print_clean(out, text, indent);
		fputc('\n', out);
	}
}

static void print_body(FILE *out, const struct value *object, const char *indent)
{
	struct str body = json_text(object, "body"), packed = json_text(object, "body_base64");
	if (body.n) {
		fputs(indent, out);
		print_clean(out, body, indent);
		fputc('\n', out);
	} else if (packed.n) {
		fprintf(out, "%s(%zu bytes that are no text; --json shows them)\n", indent, packed.n / 4 * 3);
	}
	if (json_true(object, "cut"))
		fprintf(out, "%s(cut here)\n", indent);
}

static void print_state(FILE *out, const struct value *delivery)
{
	fputs("state      ", out);
	print_text(out, delivery, "state");
	long long n = json_number(delivery, "attempt_count");
	fprintf(out, ", %lld attempt%s", n, n == 1 ? "" : "s");
	if (json_text(delivery, "next_time").n) {
		fputs(", the next at ", out);
		print_time(out, delivery, "next_time");
	}
	fputc('\n', out);
}

void delivery_print(FILE *out, const struct value *delivery)
{
	const struct value *event = value_get(delivery, STR("event")),
			   *attempts = json_array(delivery, "attempts");
	print_row(out, "delivery", delivery, "id");
	print_state(out, delivery);
	print_row(out, "service", delivery, "service");
	print_row(out, "campaign", delivery, "campaign");
	print_row(out, "rule", delivery, "rule");
	print_row(out, "call", delivery, "call");
	if (event)
		print_row(out, "event", event, "id");
	fputs("\nrequest\n  ", out);
	print_text(out, delivery, "method");
	fputc(' ', out);
	print_text(out, delivery, "url");
	fputc('\n', out);
	print_headers(out, delivery, "  ");
	fputs("\n", out);
	print_body(out, delivery, "  ");
	for (uint32_t i = 0; i < attempts->n; i++) {
		fprintf(out, "\nattempt %u at ", i + 1);
		print_time(out, &attempts->items[i], "time");
		fputs(": ", out);
		print_result(out, &attempts->items[i]);
		fputc('\n', out);
		print_headers(out, &attempts->items[i], "  ");
		print_body(out, &attempts->items[i], "  ");
	}
}

void delivery_print_short(FILE *out, const struct value *delivery, const char *indent)
{
	const struct value *attempts = json_array(delivery, "attempts");
	fputs(indent, out);
	print_text(out, delivery, "verb");
	fputc(' ', out);
	print_text(out, delivery, "service");
	fputs(": ", out);
	print_text(out, delivery, "state");
	if (json_text(delivery, "next_time").n) {
		fputs(", next attempt at ", out);
		print_time(out, delivery, "next_time");
	}
	fputs("  ", out);
	print_text(out, delivery, "id");
	fputc('\n', out);
	for (uint32_t i = 0; i < attempts->n; i++) {
		fprintf(out, "%s  ", indent);
		print_time(out, &attempts->items[i], "time");
		fputs("  ", out);
		print_text(out, delivery, "method");
		fputc(' ', out);
		print_text(out, delivery, "url");
		fputs("  ", out);
		print_result(out, &attempts->items[i]);
		fputc('\n', out);
	}
}
