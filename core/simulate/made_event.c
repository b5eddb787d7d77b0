#include "simulate/made_event.h"

#include "api/json_put.h"
#include "format/json.h"
#include "simulate/samples.h"

enum { EVENT_MAX = 1 << 20, VALUE_MAX = 1 << 20 };

static const struct campaign *campaign_for(const struct ruleset *ruleset, struct str type)
{
	for (size_t i = 0; i < ruleset->n_campaigns; i++) {
		const struct campaign *campaign = ruleset->campaigns[i];
		for (size_t j = 0; campaign->n_serves && j < campaign->n_rules; j++)
			if (rule_wants(&campaign->rules[j], type))
				return campaign;
	}
	return NULL;
}

/* Of "/queues/" + "*" one below it. */
static int put_source(struct buf *out, const struct ruleset *ruleset, const char *type, const char *source,
		      struct error *reterr)
{
	const struct campaign *campaign = source ? NULL : campaign_for(ruleset, str_of(type));
	struct buf text;
	if (!source && !campaign) {
		error_set(reterr, "no campaign that names its sources has a rule for '%s'", type);
		error_hint(reterr, "say where it comes from: --source /queues/1");
		return -1;
	}
	buf_init(&text, VALUE_MAX);
	buf_str(&text, source ? str_of(source) : campaign->serves[0]);
	if (!source && str_ends(buf_view(&text), STR("*")))
		text.p[text.n - 1] = '1';
	put_text(out, "source", buf_view(&text));
	buf_finish(&text);
	return 0;
}

static void put_value(struct buf *out, struct str text)
{
	struct arena arena;
	struct value value;
	struct error error;
	arena_init(&arena, VALUE_MAX);
	if (json_parse(text, (struct json_limits){0}, &arena, &value, &error) || value.kind == VALUE_STRING)
		json_write_string(out, text);
	else
		json_write(out, &value);
	arena_finish(&arena);
}

static int put_tag(struct buf *out, const char *tag, struct error *reterr)
{
	const char *equals = strchr(tag, '=');
	if (!equals || equals == tag) {
		error_set(reterr, "'%s' sets no tag", tag);
		error_hint(reterr, "--set ani=2095550101");
		return -1;
	}
	put_item(out);
	json_write_string(out, (struct str){tag, (size_t)(equals - tag)});
	buf_char(out, ':');
	put_value(out, str_of(equals + 1));
	return 0;
}

static int write_event(const struct ruleset *ruleset, const char *type, const char *source, char *const *tags,
		       size_t n_tags, struct buf *out, struct error *reterr)
{
	buf_char(out, '{');
	put_text(out, "type", str_of(type));
	if (put_source(out, ruleset, type, source, reterr))
		return -1;
	put_key(out, "data");
	buf_char(out, '{');
	for (size_t i = 0; i < n_tags; i++)
		if (put_tag(out, tags[i], reterr))
			return -1;
	buf_str(out, STR("}}"));
	return 0;
}

int made_event_add(const struct ruleset *ruleset, const char *type, const char *source, char *const *tags,
		   size_t n_tags, struct event_list *list, struct error *reterr)
{
	struct buf text;
	buf_init(&text, EVENT_MAX);
	int result = write_event(ruleset, type, source, tags, n_tags, &text, reterr);
	if (result == 0)
		result = events_parse_json(buf_view(&text), &(struct event_limits){0}, SAMPLES_EPOCH_MS, list,
					   reterr);
	if (result)
		error_prefix(reterr, "--event");
	buf_finish(&text);
	return result;
}
