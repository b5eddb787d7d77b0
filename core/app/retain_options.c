#include "app/retain_options.h"

#include "script/duration.h"

/* Events that came in while rules were changed, and are not on disk yet, can be of the generation before. */
enum { AGE_LEAST_MS = 60 * 1000, GENERATIONS_LEAST = 10, GENERATIONS_MOST = 10000 };

static bool size_parse(const char *text, int64_t *ret)
{
	static const char *const units[] = {"MiB", "GiB", "TiB"};
	char *end;
	long long n = strtoll(text, &end, 10);
	for (size_t i = 0; i < countof(units); i++) {
		if (strcmp(end, units[i]) == 0 && text[0] >= '1' && text[0] <= '9' && n <= 1024 * 1024) {
			*ret = (int64_t)n << (20 + 10 * i);
			return true;
		}
	}
	return false;
}

int retain_options_read(const struct command *command, struct retain_options *options)
{
	if (options->age_text &&
	    (!duration_parse(str_of(options->age_text), &options->age_ms) || options->age_ms < AGE_LEAST_MS))
		return options_wrong(command, "--retain takes a time from 1m on, as 12h or 30d, not '%s'",
				     options->age_text);
	if (options->size_text && !size_parse(options->size_text, &options->size_bytes))
		return options_wrong(command, "--retain-size takes a size, as 500MiB or 10GiB, not '%s'",
				     options->size_text);
	if (options->generations &&
	    (options->generations < GENERATIONS_LEAST || options->generations > GENERATIONS_MOST))
		return options_wrong(command, "--retain-generations takes a number from %d to %d, not %d",
				     GENERATIONS_LEAST, GENERATIONS_MOST, options->generations);
	return OPTIONS_GO_ON;
}

void retain_options_finish(struct retain_options *options)
{
	free(options->age_text);
	free(options->size_text);
}
