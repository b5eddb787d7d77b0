#include "app/limits_options.h"

int limits_options_read(const struct command *command, const struct limits_options *options,
			struct limits *ret)
{
	struct limits limits = limits_standard;
	struct error error;
	for (size_t i = 0; i < LIMITS; i++)
		if (options->texts[i] && limit_parse(i, options->texts[i], &limits, &error))
			return options_wrong(command, "%s", error.what);
	*ret = limits;
	return OPTIONS_GO_ON;
}

void limits_options_finish(struct limits_options *options)
{
	for (size_t i = 0; i < LIMITS; i++)
		free(options->texts[i]);
}
