/* The tags that templates and conditions name: is there such a tag, and is what looks like one a tag? */
#include "script/load.h"

#include "base/suggest.h"
#include "format/encode.h"
#include "format/template.h"
#include "model/tag.h"

#include <stdio.h>

/* The tags that a template or condition may name. */
struct tag_scope {
	struct loader *loader;
	const struct str *own; /* sorted */
	size_t n_own;
	const struct where *where;
	bool in_text; /* find the tag in the source, behind the line of `where` */
};

static int compare_str(const void *a, const void *b)
{
	return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* Moves to the first "#tag" behind the line of `where`. */
static void mark_tag(const struct where *where, struct str tag, struct error *error)
{
	struct str text = where->file->text;
	struct lexer lexer;
	char wanted[80];
	const char *p, *line;
	int number = where->line;

	where_mark(where, error);
	lexer_init(&lexer, text, where->line);
	snprintf(wanted, sizeof wanted, "#%.*s", tag.n < 70 ? (int)tag.n : 70, tag.p);
	p = memmem(text.p + lexer.at, text.n - lexer.at, wanted, strlen(wanted));
	if (!p)
		return;
	line = text.p + lexer.at;
	for (const char *q = line; q < p; q++) {
		if (*q == '\n') {
			line = q + 1;
			number++;
		}
	}
	error_at(error, where->file->path, number, (int)(p - line) + 1, text);
}

static void check_tag(void *context, struct str tag)
{
	const struct tag_scope *scope = context;
	struct str words[2], nearest;
	struct error error;
	size_t n, n_words = 0;
	const struct str *catalogue = tag_catalogue(&n);

	if (tag_is_known(tag) ||
	    (scope->n_own && bsearch(&tag, scope->own, scope->n_own, sizeof tag, compare_str)))
		return;
	words[n_words] = suggest_nearest(tag, scope->own, scope->n_own);
	n_words += words[n_words].p != NULL;
	words[n_words] = suggest_nearest(tag, catalogue, n);
	n_words += words[n_words].p != NULL;
	nearest = suggest_nearest(tag, words, n_words);
	error_set(&error, "unknown tag '%.100s'", tag.p);
	if (nearest.p)
		error_hint(&error, "did you mean '" STR_FMT "'?", STR_ARG(nearest));
	else
		error_hint(&error, "a tag of your own is declared with tags { \"%.100s\" }", tag.p);
	if (scope->in_text && scope->where->file) {
		mark_tag(scope->where, tag, &error);
		problem_add(scope->loader, NULL, true, &error);
	} else {
		problem_add(scope->loader, scope->where, true, &error);
	}
}

/* "# ani #" and "#call.ani#", in one line: the name of the tag that was meant; p == NULL: none. `*at` goes on
 * behind what was looked at, `ret_text` is what stands between the two '#'. Two '#' in a row are a heading.
 */
static struct str near_tag(struct str literal, size_t *at, struct str *ret_text)
{
	const char *end = literal.p + literal.n, *open = memchr(literal.p + *at, '#', literal.n - *at),
		   *close;
	struct str name;

	*at = open ? (size_t)(open - literal.p) + 1 : literal.n;
	close = open ? memchr(open + 1, '#', literal.n - *at) : NULL;
	if (!close)
		return (struct str){0};
	name = *ret_text = (struct str){open + 1, (size_t)(close - open) - 1};
	if ((open > literal.p && open[-1] == '#') || (close + 1 < end && close[1] == '#') ||
	    memchr(name.p, '\n', name.n))
		return (struct str){0};
	name = str_trim(name);
	if (str_starts(name, STR("call.")))
		name = (struct str){name.p + 5, name.n - 5};
	return tag_is_known(name) ? name : (struct str){0};
}

/* What was meant as a tag and is none goes out as it is written, which nobody wants. */
static void check_literal(struct tag_scope *scope, struct str literal)
{
	for (size_t at = 0; at < literal.n;) {
		struct str text, name = near_tag(literal, &at, &text);
		struct error error;

		if (!name.p)
			continue;
		error_set(&error, "'#" STR_FMT "#' is no tag, and is sent as it is written", STR_ARG(text));
		error_hint(&error, "did you mean '#" STR_FMT "#'?", STR_ARG(name));
		mark_tag(scope->where, text, &error);
		problem_add(scope->loader, NULL, true, &error);
	}
}

/* What stands in a form or a query was encoded when it was compiled. */
static void check_encoded(struct tag_scope *scope, struct str literal)
{
	struct buf text;

	buf_init(&text, literal.n + 1);
	if (decode_form(&text, literal))
		check_literal(scope, buf_view(&text));
	buf_finish(&text);
}

static void check_template(struct tag_scope *scope, const struct template *template,
			   void (*check)(struct tag_scope *scope, struct str literal))
{
	template_each_tag(template, check_tag, scope);
	for (size_t i = 0; scope->where->file && i < template->n; i++)
		check(scope, template->parts[i].literal);
}

static void check_rows(struct tag_scope *scope, const struct rows *rows,
		       void (*check)(struct tag_scope *scope, struct str literal))
{
	for (size_t i = 0; i < rows->n; i++)
		check_template(scope, &rows->rows[i].value, check);
}

static void check_service_tags(struct loader *loader, const struct slot *slot, const struct vec *tags)
{
	struct tag_scope scope = {loader, tags->items, tags->n, &slot->where, true};

	check_template(&scope, &slot->service->url, check_literal);
	check_rows(&scope, &slot->service->params, check_encoded);
	check_rows(&scope, &slot->service->headers, check_literal);
	check_rows(&scope, &slot->service->form, check_encoded);
	check_template(&scope, &slot->service->body, check_literal);
}

static void check_rule_tags(struct loader *loader, const struct draft *draft)
{
	const struct rule_draft *rules = draft->rules.items;

	for (size_t i = 0; i < draft->rules.n; i++) {
		struct tag_scope scope = {loader, draft->campaign->tags, draft->campaign->n_tags, NULL,
					  false};
		struct where when = where_key(&rules[i].where, STR("when"));
		struct where once = where_key(&rules[i].where, STR("once"));

		for (size_t j = 0; j < rules[i].rule.n_when; j++) {
			struct where at = where_key(&when, rules[i].rule.when[j].tag);

			scope.where = &at;
			check_tag(&scope, rules[i].rule.when[j].tag);
		}
		scope.where = &once;
		template_each_tag(&rules[i].rule.once, check_tag, &scope);
	}
}

static void keep_tags(struct loader *loader, struct draft *draft)
{
	if (draft->part->reused)
		return;
	part_fill(loader, draft->part);
	if (draft->tags.n)
		qsort(draft->tags.items, draft->tags.n, sizeof(struct str), compare_str);
	draft->campaign->tags = loader_array(loader, &draft->tags, sizeof(struct str));
	draft->campaign->n_tags = draft->tags.n;
	check_rule_tags(loader, draft);
	check_doubts(loader, draft);
	part_fill(loader, NULL);
}

void check_tags(struct loader *loader, struct slot **slots, size_t n)
{
	struct vec tags = {0};

	for (size_t i = 0; i < loader->n_drafts; i++) {
		const struct campaign *campaign = loader->drafts[i].campaign;

		keep_tags(loader, &loader->drafts[i]);
		for (size_t j = 0; j < campaign->n_tags; j++)
			*(struct str *)vec_add(&tags, sizeof(struct str)) = campaign->tags[j];
	}
	if (tags.n)
		qsort(tags.items, tags.n, sizeof(struct str), compare_str);
	for (size_t i = 0; i < n; i++)
		check_service_tags(loader, slots[i], &tags);
	vec_finish(&tags);
}
