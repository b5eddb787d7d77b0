/* Services that nobody uses. Looked for in the sources, since a rule's function can reach a service by any
 * name. */
#include "script/script.h"

#include <stdio.h>

static bool is_fired(const struct ruleset *ruleset, const struct service *service)
{
	for (size_t i = 0; i < ruleset->n_campaigns; i++) {
		const struct campaign *campaign = ruleset->campaigns[i];

		for (size_t j = 0; j < campaign->n_rules; j++) {
			for (size_t k = 0; k < campaign->rules[j].n_fire; k++) {
				if (campaign->rules[j].fire[k] == service)
					return true;
			}
		}
	}
	return false;
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* How often the word stands in the text, comments and all: rather once too often than a false alarm. */
static size_t count_word(struct str text, struct str word)
{
	size_t n = 0;

	for (const char *p = text.p, *end = text.p + text.n, *hit; p < end; p = hit + word.n) {
		hit = memmem(p, (size_t)(end - p), word.p, word.n);
		if (!hit)
			break;
		n += (hit == text.p || !is_word(hit[-1])) && (hit + word.n == end || !is_word(hit[word.n]));
	}
	return n;
}

/* Its own file names it once, where it is declared. */
static bool is_named(const struct ruleset *ruleset, const struct service *service)
{
	for (size_t i = 0; i < ruleset->n_files; i++) {
		bool own = ruleset->units[i] == service->unit;

		if (count_word(ruleset->files[i].text, service->key) > own)
			return true;
	}
	return false;
}

void script_unused_services(const struct ruleset *ruleset,
			    void (*each)(void *context, const struct error *error), void *context)
{
	for (size_t i = 0; i < ruleset->n_services; i++) {
		const struct service *service = ruleset->services[i];
		const struct source_file *file = ruleset_file(ruleset, service->file);
		struct error error;

		/* One without a key is a campaign's own, or what its module returns. */
		if (!service->active || !service->key.n || is_fired(ruleset, service) ||
		    is_named(ruleset, service))
			continue;
		error_set(&error, "no rule uses the service '" STR_FMT "'", STR_ARG(service->name));
		error_hint(&error, "take it out, or say active = false until something does");
		error_at(&error, service->file, service->line, 0, file ? file->text : (struct str){0});
		each(context, &error);
	}
}
