/* tests/bench/stages.c
 *
 * stages RULES EVENT N: CPU microseconds an event of the stages that can be run by themselves: decode, rule,
 * build. One line of key=value pairs. RULES is a folder of rules, EVENT a file with one event as JSON that
 * its first campaign serves.
 */
#include "format/cloudevents.h"
#include "format/request_build.h"
#include "script/script.h"

#include <stdio.h>
#include <time.h>

static double cpu_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static struct str read_all(const char *path)
{
	static char text[1 << 20];
	FILE *file = fopen(path, "r");
	ensure(file);
	size_t n = fread(text, 1, sizeof text, file);
	fclose(file);
	return (struct str){text, n};
}

static double decode(struct str text, long n)
{
	double start = cpu_us();
	for (long i = 0; i < n; i++) {
		struct event_list list = {0};
		struct error error;
		ensure(events_parse_json(text, &(struct event_limits){0}, 0, &list, &error) == 0);
		event_list_finish(&list);
	}
	return (cpu_us() - start) / (double)n;
}

static double match(const struct ruleset *ruleset, const struct event *event, long n)
{
	double start = cpu_us();
	long matched = 0;
	for (long i = 0; i < n; i++) {
		const struct campaign *campaign = ruleset_serving(ruleset, event->source);
		const struct condition *failed;
		for (size_t k = 0; k < campaign->n_rules; k++)
			matched += rule_wants(&campaign->rules[k], event->type) &&
				   rule_matches(&campaign->rules[k], event, &failed);
	}
	ensure(matched >= n);
	return (cpu_us() - start) / (double)n;
}

static double build(const struct ruleset *ruleset, const struct event *event, long n)
{
	double start = cpu_us();
	for (long i = 0; i < n; i++) {
		struct request *request;
		struct error error;
		ensure(request_build(ruleset->services[0], event, NULL, NULL, &request, &error) == 0);
		free(request);
	}
	return (cpu_us() - start) / (double)n;
}

int main(int argc, char **argv)
{
	ensure(argc == 4);
	struct arena arena;
	struct source_file *files;
	size_t n_files;
	struct error error;
	arena_init(&arena, 64 << 20);
	ensure(script_read_folder(argv[1], &arena, &files, &n_files, &error) == 0);
	struct ruleset *ruleset = script_load(files, n_files, 1, NULL);
	ensure(ruleset->n_errors == 0 && ruleset->n_services > 0);
	struct str text = read_all(argv[2]);
	struct event_list list = {0};
	ensure(events_parse_json(text, &(struct event_limits){0}, 0, &list, &error) == 0);
	long n = atol(argv[3]);
	printf("decode=%.2f", decode(text, n));
	printf(" rule=%.2f", match(ruleset, list.events[0], n));
	printf(" build=%.2f\n", build(ruleset, list.events[0], n));
	event_list_finish(&list);
	ruleset_unref(ruleset);
	arena_finish(&arena);
	return 0;
}
