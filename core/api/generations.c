/* The rules of then, to say why a rule did what it did. The last few are kept: loading takes its time. */
#include "api/api_private.h"

#include "engine/generation.h"

static struct kept_generation *oldest(struct api *api)
{
	struct kept_generation *found = &api->kept[0];
	for (size_t i = 1; i < KEPT_GENERATIONS; i++)
		if (api->kept[i].used < found->used)
			found = &api->kept[i];
	return found;
}

static struct kept_generation *find(struct api *api, uint32_t number)
{
	for (size_t i = 0; i < KEPT_GENERATIONS; i++)
		if (api->kept[i].used && api->kept[i].number == number)
			return &api->kept[i];
	return NULL;
}

/* The serving rules are loaded already; others come from the journal. */
static struct kept_generation *fetch(struct api *api, uint32_t number)
{
	struct kept_generation *kept = oldest(api);
	const struct ruleset *serving = api->serving;
	struct error error;
	ruleset_unref(kept->ruleset);
	*kept = (struct kept_generation){.number = number};
	if (serving->generation == number)
		kept->ruleset = ruleset_ref(serving);
	else if (generation_load(api->reader, number, serving, &kept->ruleset, &error))
		log_error(api->options.log, "earlier rules cannot be read", "error", error.what);
	return kept;
}

const struct ruleset *generation_of(struct api *api, uint32_t number)
{
	struct kept_generation *kept = find(api, number);
	if (!kept)
		kept = fetch(api, number);
	kept->used = ++api->uses;
	return kept->ruleset;
}

void generations_free(struct api *api)
{
	for (size_t i = 0; i < KEPT_GENERATIONS; i++)
		ruleset_unref(api->kept[i].ruleset);
}
