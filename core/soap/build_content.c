/* Content models: which of the given values goes where. Arguments come by name, in any order; the model says
 * the order. A choice is decided by what was given. */
#include "soap/build_private.h"

#include "base/suggest.h"
#include "format/xml.h"

enum { NAMES_MAX = 300, NAMES_LISTED_MAX = 12 };

int build_slots(struct build *b, const struct value *object, const struct schema_type *type,
		struct slots *ret)
{
	uint32_t n = object->kind == VALUE_OBJECT ? object->n : 0;
	*ret = (struct slots){.type = type};
	if (!n)
		return 0;
	ret->items = arena_alloc(&b->scratch, n * sizeof *ret->items);
	if (!ret->items)
		return build_fail(b, "too much to send");
	for (uint32_t i = 0; i < n; i++) {
		const struct member *member = &object->members[i];
		uint32_t values = member->value.kind == VALUE_ARRAY ? member->value.n : 1;
		ret->items[i] = (struct slot){member->key, &member->value, values, 0};
	}
	ret->n = n;
	return 0;
}

struct slot *build_slot(const struct slots *slots, struct str key)
{
	for (uint32_t i = 0; i < slots->n; i++)
		if (str_eq(slots->items[i].key, key))
			return &slots->items[i];
	return NULL;
}

bool build_takes_array(const struct schema_type *type)
{
	return type->array_item != NULL;
}

static bool has_left(const struct slots *slots, struct str name)
{
	const struct slot *slot = build_slot(slots, name);
	return slot && slot->next < slot->n;
}

static bool element_has_left(const struct slots *slots, const struct schema_element *element)
{
	if (has_left(slots, element->name))
		return true;
	for (uint32_t i = 0; i < element->n_substitutes; i++)
		if (has_left(slots, element->substitutes[i]->name))
			return true;
	return false;
}

/* Is there anything left for this particle? */
static bool present(struct build *b, const struct particle *particle, const struct slots *slots)
{
	b->steps++;
	switch (particle->kind) {
	case PARTICLE_ELEMENT:
		return element_has_left(slots, particle->element);
	case PARTICLE_GROUP:
		return present(b, &particle->group->particle, slots);
	case PARTICLE_ANY:
		return has_left(slots, STR("#any"));
	case PARTICLE_SEQUENCE:
	case PARTICLE_CHOICE:
	case PARTICLE_ALL:
		for (uint32_t i = 0; i < particle->n; i++)
			if (present(b, &particle->items[i], slots))
				return true;
		break;
	}
	return false;
}

/* How many fields would be used; -1 when something that must be there is missing. */
static int fit(struct build *b, const struct particle *particle, const struct slots *slots)
{
	int best = -1, sum = 0;
	b->steps++;
	switch (particle->kind) {
	case PARTICLE_ELEMENT:
		sum = element_has_left(slots, particle->element) ? 1 : particle->element->fixed.p ? 0 : -1;
		break;
	case PARTICLE_GROUP:
		sum = fit(b, &particle->group->particle, slots);
		break;
	case PARTICLE_ANY:
		sum = has_left(slots, STR("#any")) ? 1 : -1;
		break;
	case PARTICLE_SEQUENCE:
	case PARTICLE_ALL:
		for (uint32_t i = 0; i < particle->n && sum >= 0; i++) {
			int part = fit(b, &particle->items[i], slots);
			sum = part < 0 ? -1 : sum + part;
		}
		break;
	case PARTICLE_CHOICE:
		for (uint32_t i = 0; i < particle->n; i++) {
			int branch = fit(b, &particle->items[i], slots);
			best = branch > best ? branch : best;
		}
		sum = particle->n ? best : 0;
		break;
	}
	return sum < 0 && particle->min == 0 ? 0 : sum;
}

static int emit(struct build *b, const struct particle *particle, struct slots *slots);

static const struct value *next_value(struct slot *slot, bool whole)
{
	if (slot->value->kind != VALUE_ARRAY)
		return slot->next++, slot->value;
	if (whole) {
		slot->next = slot->n;
		return slot->value;
	}
	return &slot->value->items[slot->next++];
}

/* All values of one name that the particle may take. */
static int emit_named(struct build *b, const struct particle *particle, const struct schema_element *element,
		      struct slots *slots, int32_t *taken)
{
	struct slot *slot = build_slot(slots, element->name);
	if (!slot || slot->next >= slot->n)
		return 0;
	if (b->empty_is_list && particle->max != 1 && slot->value->kind == VALUE_OBJECT &&
	    slot->value->n == 0) {
		slot->next = slot->n;
		return 0;
	}
	bool one = particle->max == 1, whole = one && build_takes_array(element->type);
	if (element->abstract && element->n_substitutes)
		return build_fail(b,
				  "element '" STR_FMT
				  "' is abstract; one of those that stand for it is needed, as '" STR_FMT "'",
				  STR_ARG(element->name), STR_ARG(element->substitutes[0]->name));
	struct declared declared = {element->ns, element->name, element->type, element->nillable,
				    element->fixed};
	while (slot->next < slot->n && (particle->max == OCCURS_UNBOUNDED || *taken < particle->max)) {
		uint32_t index = slot->next + 1;
		const struct value *value = next_value(slot, whole);
		if (!build_push(b, element->name, slot->n > 1 && !whole ? index : 0) ||
		    build_element(b, &declared, value))
			return -1;
		build_pop(b);
		(*taken)++;
	}
	return 0;
}

static int unknown(struct build *b, const struct slots *slots, struct str key);

/* A slip in a name makes two mistakes: a field too many, and one that is missing. The first says more. */
static bool has_slip(struct build *b, const struct slots *slots)
{
	for (uint32_t i = 0; i < slots->n; i++) {
		struct str key = slots->items[i].key;
		if (key.n && key.p[0] != '@' && key.p[0] != '#' && !schema_field(slots->type, STR(""), key)) {
			unknown(b, slots, key);
			return true;
		}
	}
	return false;
}

static int missing(struct build *b, const struct slots *slots, const struct schema_element *element,
		   int32_t taken, int32_t min)
{
	if (has_slip(b, slots))
		return -1;
	if (!build_push(b, element->name, 0))
		return -1;
	if (taken)
		build_fail(b, "needs at least %d values, got %d", min, taken);
	else
		build_fail(b, "missing; expected %s" STR_FMT,
			   element->type->complex ? "a table of type " : "",
			   STR_ARG(schema_type_name(element->type)));
	build_pop(b);
	return -1;
}

/* A required element that was not given: its fixed value, or in a simulated answer an empty one. */
static int fill(struct build *b, const struct slots *slots, const struct schema_element *element,
		int32_t taken, int32_t min)
{
	static const struct value nothing = {.kind = VALUE_NULL};
	struct value fixed = {.kind = VALUE_STRING, .text = element->fixed};
	bool known = element->fixed.p && !element->type->complex;
	if (b->some)
		return 0;
	if (!known && !b->lenient)
		return missing(b, slots, element, taken, min);
	if (b->lenient && b->depth > LENIENT_DEPTH_MAX)
		return 0;
	if (element->abstract && element->n_substitutes)
		element = element->substitutes[0];
	struct declared declared = {element->ns, element->name, element->type, element->nillable,
				    element->fixed};
	if (!build_push(b, element->name, 0) || build_element(b, &declared, known ? &fixed : &nothing))
		return -1;
	build_pop(b);
	return 0;
}

static int emit_element(struct build *b, const struct particle *particle, struct slots *slots)
{
	const struct schema_element *element = particle->element;
	int32_t taken = 0;
	if (emit_named(b, particle, element, slots, &taken))
		return -1;
	for (uint32_t i = 0; i < element->n_substitutes; i++)
		if (emit_named(b, particle, element->substitutes[i], slots, &taken))
			return -1;
	return taken < particle->min ? fill(b, slots, element, taken, particle->min) : 0;
}

static int emit_any(struct build *b, const struct particle *particle, struct slots *slots)
{
	struct slot *slot = build_slot(slots, STR("#any"));
	struct error error;
	for (int32_t n = 0;
	     slot && slot->next < slot->n && (particle->max == OCCURS_UNBOUNDED || n < particle->max); n++) {
		const struct value *value = next_value(slot, false);
		struct xml_node *root;
		if (build_is_unknown(value))
			continue;
		if (value->kind != VALUE_STRING)
			return build_fail(b, "'#any' is a list of XML texts, not of " STR_FMT,
					  STR_ARG(value_kind_name(value)));
		if (xml_parse(value->text, NULL, &b->scratch, &root, &error))
			return build_fail(b, "#any[%u]: %s", slot->next, error.what);
		xml_write(b->out, root);
	}
	return 0;
}

static void add_name(struct str *names, size_t *n, struct str name)
{
	if (*n < NAMES_MAX)
		names[(*n)++] = name;
}

static void collect_names(const struct particle *particle, struct str *names, size_t *n)
{
	if (particle->kind == PARTICLE_ELEMENT)
		add_name(names, n, particle->element->name);
	else if (particle->kind == PARTICLE_GROUP)
		collect_names(&particle->group->particle, names, n);
	else if (particle->kind != PARTICLE_ANY)
		for (uint32_t i = 0; i < particle->n; i++)
			collect_names(&particle->items[i], names, n);
}

static int missing_choice(struct build *b, const struct particle *particle, const struct slots *slots)
{
	if (has_slip(b, slots))
		return -1;
	struct str names[NAMES_MAX];
	struct buf list;
	size_t n = 0;
	collect_names(particle, names, &n);
	buf_init(&list, 300);
	for (size_t i = 0; i < n && i < NAMES_LISTED_MAX; i++)
		buf_printf(&list, "%s" STR_FMT, i ? ", " : "", STR_ARG(names[i]));
	build_fail(b, "one of these is missing: %s", buf_z(&list));
	buf_finish(&list);
	if (fit(b, particle, &(struct slots){0}) >= 0)
		error_hint(b->error, "all of them are optional: an empty list for one of them sends none");
	return -1;
}

static bool given_as_none(const struct particle *particle, const struct slots *slots)
{
	if (particle->kind == PARTICLE_ELEMENT) {
		const struct slot *slot = build_slot(slots, particle->element->name);
		return slot && slot->n == 0;
	}
	if (particle->kind == PARTICLE_GROUP)
		return given_as_none(&particle->group->particle, slots);
	for (uint32_t i = 0; particle->kind != PARTICLE_ANY && i < particle->n; i++)
		if (given_as_none(&particle->items[i], slots))
			return true;
	return false;
}

static const struct particle *best_branch(struct build *b, const struct particle *choice,
					  const struct slots *slots)
{
	const struct particle *best = NULL;
	int best_fit = -1;
	for (uint32_t i = 0; i < choice->n; i++) {
		const struct particle *branch = &choice->items[i];
		if (!present(b, branch, slots))
			continue;
		int score = fit(b, branch, slots);
		if (!best || score > best_fit) {
			best = branch;
			best_fit = score;
		}
	}
	return best;
}

static int emit_choice(struct build *b, const struct particle *choice, struct slots *slots)
{
	const struct particle *branch = best_branch(b, choice, slots);
	if (branch)
		return emit(b, branch, slots);
	if (!choice->n)
		return 0;
	if (b->some)
		return 0;
	if (b->lenient)
		return emit(b, &choice->items[0], slots);
	/* Many schemas ask for one of some fields that are optional themselves. To send none of them is
	 * allowed by the letter and hardly ever meant: it takes an empty list to say so. */
	if (given_as_none(choice, slots) && fit(b, choice, slots) >= 0)
		return 0;
	return missing_choice(b, choice, slots);
}

static int emit_once(struct build *b, const struct particle *particle, struct slots *slots)
{
	if (particle->kind == PARTICLE_CHOICE)
		return emit_choice(b, particle, slots);
	if (particle->kind == PARTICLE_GROUP)
		return emit(b, &particle->group->particle, slots);
	for (uint32_t i = 0; i < particle->n; i++)
		if (emit(b, &particle->items[i], slots))
			return -1;
	return 0;
}

/* A group of particles: as often as there is something left for it, and at least as often as it must stand.
 */
static int emit(struct build *b, const struct particle *particle, struct slots *slots)
{
	if (++b->steps > BUILD_STEPS_MAX)
		return build_fail(b, "too much work to build this message");
	if (particle->kind == PARTICLE_ELEMENT)
		return emit_element(b, particle, slots);
	if (particle->kind == PARTICLE_ANY)
		return emit_any(b, particle, slots);
	if (particle->min == 1 && particle->max == 1)
		return emit_once(b, particle, slots);
	for (int32_t i = 0; particle->max == OCCURS_UNBOUNDED || i < particle->max; i++) {
		bool more = present(b, particle, slots);
		/* One empty turn shows what is missing; more of them would show nothing new. */
		if (!more && (i >= particle->min || i > 0))
			return 0;
		if (emit_once(b, particle, slots))
			return -1;
	}
	return 0;
}

int build_content(struct build *b, const struct schema_type *type, struct slots *slots)
{
	for (uint32_t i = 0; i < type->n_content; i++)
		if (emit(b, type->content[i], slots))
			return -1;
	return 0;
}

static int unknown(struct build *b, const struct slots *slots, struct str key)
{
	const struct schema_type *type = slots->type;
	struct str names[NAMES_MAX];
	struct str near = {0};
	size_t n = 0;
	bool attribute = key.n && key.p[0] == '@';
	if (attribute) {
		for (uint32_t i = 0; i < type->n_attributes; i++)
			add_name(names, &n, type->attributes[i].name);
		near = suggest_nearest((struct str){key.p + 1, key.n - 1}, names, n);
	} else {
		for (uint32_t i = 0; i < type->n_fields; i++)
			add_name(names, &n, type->fields[i].element->name);
		near = suggest_nearest(key, names, n);
	}
	if (!build_push(b, key, 0))
		return -1;
	build_fail(b, "unknown %s", attribute ? "attribute" : "field");
	build_pop(b);
	if (near.p) {
		error_hint(b->error, "did you mean '%s" STR_FMT "'?", attribute ? "@" : "", STR_ARG(near));
		return -1;
	}
	struct buf list;
	buf_init(&list, 200);
	for (size_t i = 0; i < n && i < NAMES_LISTED_MAX; i++)
		buf_printf(&list, "%s%s" STR_FMT, i ? ", " : "", attribute ? "@" : "", STR_ARG(names[i]));
	if (n)
		error_hint(b->error, "there are: %s%s", buf_z(&list), n > NAMES_LISTED_MAX ? ", ..." : "");
	else
		error_hint(b->error, "there are none here");
	buf_finish(&list);
	return -1;
}

int build_leftovers(struct build *b, const struct slots *slots)
{
	for (uint32_t i = 0; i < slots->n; i++) {
		const struct slot *slot = &slots->items[i];
		bool wildcard = str_eq(slot->key, STR("#any"));
		if (slot->next >= slot->n && slot->n)
			continue;
		const struct field *field = schema_field(slots->type, STR(""), slot->key);
		if (!field && !wildcard) {
			if (slot->n == 0 && slots->type->builtin == BUILTIN_ANY_TYPE)
				continue;
			return unknown(b, slots, slot->key);
		}
		if (slot->n == 0)
			continue;
		if (!build_push(b, slot->key, 0))
			return -1;
		if (slot->next)
			build_fail(b, "too many values: takes %u, got %u", slot->next, slot->n);
		else if (wildcard)
			build_fail(b, "there is no place for other elements here");
		else
			build_fail(b, "cannot stand together with the other fields that are given");
		build_pop(b);
		return -1;
	}
	return 0;
}
