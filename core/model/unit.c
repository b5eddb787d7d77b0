#include "model/unit.h"

static struct unit *writable(const struct unit *unit)
{
	return (struct unit *)(uintptr_t)unit; /* all but the counts is immutable */
}

struct unit *unit_ref(const struct unit *unit)
{
	if (unit)
		__atomic_add_fetch(&writable(unit)->refs, 1, __ATOMIC_RELAXED);
	return writable(unit);
}

void unit_unref(struct unit *unit)
{
	if (!unit || __atomic_sub_fetch(&unit->refs, 1, __ATOMIC_ACQ_REL) > 0)
		return;
	for (size_t i = 0; i < unit->n_files; i++)
		if (unit->units[i] != unit)
			unit_unref(unit->units[i]);
	for (struct unit_owned *owned = unit->owned; owned; owned = owned->next)
		owned->free(owned->thing);
	arena_finish(&unit->arena);
	free(unit);
}

int unit_waiting(const struct unit *unit, int change)
{
	/* Only its count changes. */
	return __atomic_add_fetch(&((struct unit *)(uintptr_t)unit)->waiting, change, __ATOMIC_RELAXED);
}

void unit_retire(const struct unit *unit)
{
	__atomic_store_n(&writable(unit)->retired, true, __ATOMIC_RELEASE);
}

bool unit_is_retired(const struct unit *unit)
{
	return __atomic_load_n(&unit->retired, __ATOMIC_ACQUIRE);
}

size_t source_index(const struct source_file *files, size_t n, struct str path)
{
	size_t low = 0, high = n;
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = str_cmp(path, files[middle].path);
		if (order == 0)
			return middle;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return SIZE_MAX;
}
