#include "app/fuzz_print.h"

#include "api/json_put.h"
#include "app/problems_print.h"

enum { LINE_MAX = 16 << 20, SHOWN_MAX = 1000 };

static const char *title_of(enum fuzz_kind kind)
{
	static const char *const titles[] = {
		[FUZZ_RAISES] = "raises",
		[FUZZ_INVALID_JSON] = "sends what is no JSON",
		[FUZZ_INVALID_XML] = "sends what is no XML",
		[FUZZ_INVALID_URL] = "sends to what is no URL",
		[FUZZ_UNRESOLVED] = "sends a tag as it is written",
	};
	return titles[kind];
}

void fuzz_print(FILE *out, const struct fuzz_finding *finding, bool colour)
{
	const struct rule *rule = finding->rule;
	print_clean(out, rule->campaign->file, "");
	fprintf(out, ":%d: %serror:%s '", rule->line, colour ? "\033[31m" : "", colour ? "\033[0m" : "");
	print_clean(out, rule->name, "");
	fprintf(out, "' %s\n      ", title_of(finding->kind));
	print_clean(out, finding->what, "      ");
	fputs("\n      with ", out);
	struct str events = finding->events;
	events.n = events.n < SHOWN_MAX ? events.n : SHOWN_MAX;
	print_clean(out, events, "      ");
	fputs(events.n < finding->events.n ? "… (--json shows all of it)" : "", out);
	fprintf(out, "\n      again with --fuzz 1 --seed %llu\n", (unsigned long long)finding->seed);
}

void fuzz_print_json(FILE *out, const struct fuzz_finding *finding)
{
	const struct rule *rule = finding->rule;
	struct buf line;
	buf_init(&line, LINE_MAX);
	buf_char(&line, '{');
	put_text(&line, "severity", STR("error"));
	put_text(&line, "file", rule->campaign->file);
	put_number(&line, "line", rule->line);
	put_null(&line, "column");
	put_text(&line, "what", finding->what);
	put_null(&line, "hint");
	put_null(&line, "excerpt");
	put_text(&line, "finding", str_of(fuzz_kind_name(finding->kind)));
	put_text(&line, "campaign", rule->campaign->name);
	put_text(&line, "rule", rule->name);
	put_text(&line, "service", finding->service);
	put_number(&line, "seed", (int64_t)finding->seed);
	put_key(&line, "events");
	buf_str(&line, finding->events);
	buf_str(&line, STR("}\n"));
	fwrite(line.p, 1, line.n, out);
	buf_finish(&line);
}
