/* What loads and is, most likely, not what was meant: warnings about a rule and the events that it asks for.
 */
#include "script/load.h"

#include "base/suggest.h"
#include "model/tag.h"

#include <stdio.h>

/* A rule that is looked at, with what has tags in it. */
struct doubt {
	struct loader *loader;
	const struct campaign *campaign;
	const struct rule *rule;
	const struct where *where;
	const struct service *service; /* whose templates are looked at */
};

/* Does any of the types that the rule asks for carry the tag? Tags of the campaign's own come with anything.
 */
static bool is_carried(const struct doubt *doubt, struct str tag)
{
	for (size_t i = 0; i < doubt->campaign->n_tags; i++) {
		if (str_eq(doubt->campaign->tags[i], tag))
			return true;
	}
	if (!tag_is_known(tag))
		return true; /* that is said already */
	for (size_t i = 0; i < doubt->rule->n_on; i++) {
		if (event_type_carries(doubt->rule->on[i], tag))
			return true;
	}
	return doubt->rule->n_on == 0;
}

static void warn(const struct doubt *doubt, const struct where *where, const struct error *error)
{
	problem_add(doubt->loader, where, true, error);
}

/* "post_call", "post_call and agent_connect" */
static void show_types(const struct rule *rule, char *text, size_t size)
{
	size_t at = 0;

	text[0] = 0;
	for (size_t i = 0; i < rule->n_on && at < size; i++) {
		const char *between = i == 0 ? "" : i + 1 == rule->n_on ? " and " : ", ";

		at += (size_t)snprintf(text + at, size - at, "%s" STR_FMT, between, STR_ARG(rule->on[i]));
	}
}

static const char *does(const struct rule *rule)
{
	return rule->n_on > 1 ? "do" : "does";
}

/* --- conditions ------------------------------------------------------------------------------------------
 */

static bool holds_without_tag(const struct condition *condition)
{
	return (condition->kind == CONDITION_ABSENT) != condition->negated;
}

/* What other languages write into a text is compared as it stands: a comparison, a wildcard. */
static const char *meant_instead(struct str text)
{
	if (str_starts(text, STR(">")))
		return "a number that is this or more is at_least(10)";
	if (str_starts(text, STR("<")))
		return "a number that is this or less is at_most(10)";
	if (str_starts(text, STR("!=")) || str_starts(text, STR("~=")))
		return "anything but this is not_(\"…\")";
	if (text.n > 1 && (text.p[0] == '*' || text.p[text.n - 1] == '*'))
		return "a text with this in it is matches(\"…\"), with a Lua pattern";
	return NULL;
}

static void check_values(const struct doubt *doubt, const struct condition *condition, const struct where *at)
{
	for (size_t i = 0; i < condition->n_values; i++) {
		const struct value *value = &condition->values[i];
		const char *hint = value->kind == VALUE_STRING ? meant_instead(value->text) : NULL;
		struct error error;

		if (!hint)
			continue;
		error_set(&error, "the condition holds for the very text '" STR_FMT "' alone",
			  STR_ARG(value->text));
		error_hint(&error, "%s", hint);
		warn(doubt, at, &error);
	}
}

static void check_condition(const struct doubt *doubt, const struct condition *condition)
{
	struct where when = where_key(doubt->where, STR("when")), at = where_key(&when, condition->tag);
	char types[200];
	struct error error;

	if (condition->kind == CONDITION_ANY_OF)
		check_values(doubt, condition, &at);
	if (is_carried(doubt, condition->tag))
		return;
	show_types(doubt->rule, types, sizeof types);
	if (condition->kind == CONDITION_PRESENT ? condition->negated
						 : holds_without_tag(condition) || condition->negated)
		error_set(&error, "%s %s not carry the tag '" STR_FMT "': the condition always holds", types,
			  does(doubt->rule), STR_ARG(condition->tag));
	else
		error_set(&error, "the rule can never match: %s %s not carry the tag '" STR_FMT "'", types,
			  does(doubt->rule), STR_ARG(condition->tag));
	error_hint(&error,
		   "which event carries which tags is in the reference; if yours do, say tags { \"" STR_FMT
		   "\" }",
		   STR_ARG(condition->tag));
	warn(doubt, &at, &error);
}

/* --- sources ---------------------------------------------------------------------------------------------
 */

static bool comes_from_queues(struct str type)
{
	static const char *const types[] = {"enqueue",    "dequeue",  "queue_event",
					    "ivr_digits", "new_chat", "post_chat"};

	for (size_t i = 0; i < countof(types); i++) {
		if (str_eq(type, str_of(types[i])))
			return true;
	}
	return false;
}

static void check_sources(const struct doubt *doubt, const struct serve_draft *serves, size_t n)
{
	struct where on = where_key(doubt->where, STR("on"));
	char types[200];
	struct error error;

	for (size_t i = 0; i < n; i++) {
		if (!str_starts(serves[i].source, STR("/campaigns/")))
			return;
	}
	for (size_t i = 0; i < doubt->rule->n_on; i++) {
		if (!comes_from_queues(doubt->rule->on[i]))
			return;
	}
	if (!n || !doubt->rule->n_on)
		return;
	show_types(doubt->rule, types, sizeof types);
	error_set(&error, "the rule can never match: %s %s from queues, and this serves campaigns alone",
		  types, doubt->rule->n_on > 1 ? "come" : "comes");
	error_hint(&error, "serves { \"/queues/…\" }");
	warn(doubt, &on, &error);
}

/* --- what is sent ----------------------------------------------------------------------------------------
 */

static bool has_default(const struct template_part *part)
{
	for (int i = 0; i < part->n_filters; i++) {
		if (part->filters[i].kind == FILTER_DEFAULT)
			return true;
	}
	return false;
}

static void check_template(const struct doubt *doubt, const struct template *template)
{
	struct where fire = where_key(doubt->where, STR("fire"));
	char types[200];
	struct error error;

	for (size_t i = 0; i < template->n; i++) {
		const struct template_part *part = &template->parts[i];

		if (!part->tag.p || has_default(part) || is_carried(doubt, part->tag))
			continue;
		show_types(doubt->rule, types, sizeof types);
		error_set(&error,
			  "%s %s not carry the tag '" STR_FMT "', which '" STR_FMT
			  "' sends: it will be empty",
			  types, does(doubt->rule), STR_ARG(part->tag), STR_ARG(doubt->service->name));
		error_hint(&error, "#" STR_FMT "|default:'…'# says what is sent instead", STR_ARG(part->tag));
		warn(doubt, &fire, &error);
	}
}

static void check_rows(const struct doubt *doubt, const struct rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		check_template(doubt, &rows->rows[i].value);
}

static void check_fired(struct doubt *doubt)
{
	for (size_t i = 0; i < doubt->rule->n_fire; i++) {
		const struct service *service = doubt->rule->fire[i];

		doubt->service = service;
		check_template(doubt, &service->url);
		check_rows(doubt, &service->params);
		check_rows(doubt, &service->headers);
		check_rows(doubt, &service->form);
		check_template(doubt, &service->body);
	}
}

/* --- what is waited for ----------------------------------------------------------------------------------
 */

static void check_awaited(struct loader *loader, const struct draft *draft, const struct token *type)
{
	size_t n;
	const struct str *known = event_type_catalogue(&n);
	struct str nearest = suggest_nearest(type->inner, known, n);
	struct error error;

	for (size_t i = 0; i < n; i++) {
		if (str_eq(known[i], type->inner))
			return;
	}
	error_set(&error, "the unknown event type '" STR_FMT "' is waited for", STR_ARG(type->inner));
	if (nearest.p)
		error_hint(&error, "did you mean '" STR_FMT "'?", STR_ARG(nearest));
	else
		error_hint(&error, "the platform sends no event of that type; one of your own senders may");
	error_at(&error, draft->file->path, type->line, type->column, draft->file->text);
	problem_add(loader, NULL, true, &error);
}

/* Where the type stands in the script word for word: wait_for("post_disposition", … */
static void check_waits(struct loader *loader, const struct draft *draft)
{
	struct lexer lexer;
	struct token token;

	lexer_init(&lexer, draft->file->text, 1);
	while (lexer_next(&lexer, &token)) {
		if (token.kind != TOKEN_NAME || !token_is(&token, "wait_for") || !lexer_next(&lexer, &token))
			continue;
		if (token_is(&token, "(") && !lexer_next(&lexer, &token))
			break;
		if (token.kind == TOKEN_STRING)
			check_awaited(loader, draft, &token);
	}
}

void check_doubts(struct loader *loader, const struct draft *draft)
{
	const struct rule_draft *rules = draft->rules.items;

	for (size_t i = 0; i < draft->rules.n; i++) {
		struct doubt doubt = {.loader = loader,
				      .campaign = draft->campaign,
				      .rule = &rules[i].rule,
				      .where = &rules[i].where};

		for (size_t j = 0; j < doubt.rule->n_when; j++)
			check_condition(&doubt, &doubt.rule->when[j]);
		check_sources(&doubt, draft->serves.items, draft->serves.n);
		check_fired(&doubt);
	}
	check_waits(loader, draft);
}
