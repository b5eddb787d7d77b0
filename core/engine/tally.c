#include "engine/tally.h"

void tally_finish(struct tally *tally)
{
	for (size_t kind = 0; kind < TALLY_KINDS; kind++) {
		struct tally_table *table = &tally->tables[kind];
		HASH_CLEAR(hh, table->by_name);
		for (size_t i = 0; i < table->n; i++)
			free(table->rows[i]);
	}
}

struct tally_row *tally_row(struct tally *tally, enum tally_kind kind, struct str name)
{
	struct tally_table *table = &tally->tables[kind];
	struct tally_row *row;
	HASH_FIND(hh, table->by_name, name.p, name.n, row);
	if (row)
		return row;
	if (table->n >= TALLY_ROWS_MAX && !str_eq(name, STR(TALLY_OTHERS)))
		return tally_row(tally, kind, STR(TALLY_OTHERS));
	row = mem_zalloc(sizeof *row + name.n);
	memcpy(row + 1, name.p, name.n);
	row->name = (struct str){(const char *)(row + 1), name.n};
	HASH_ADD_KEYPTR(hh, table->by_name, row->name.p, row->name.n, row);
	table->rows[table->n] = row;
	__atomic_store_n(&table->n, table->n + 1, __ATOMIC_RELEASE);
	return row;
}

static void sum_rows(struct tally *to, const struct tally *from, enum tally_kind kind)
{
	const struct tally_table *table = &from->tables[kind];
	size_t n = __atomic_load_n(&table->n, __ATOMIC_ACQUIRE);
	for (size_t i = 0; i < n; i++) {
		struct tally_row *row = tally_row(to, kind, table->rows[i]->name);
		for (size_t k = 0; k < TALLY_FIGURES; k++)
			row->figures[k] += __atomic_load_n(&table->rows[i]->figures[k], __ATOMIC_RELAXED);
		histogram_sum(&row->took, &table->rows[i]->took);
	}
}

void tally_sum(struct tally *to, const struct tally *from)
{
	for (size_t kind = 0; kind < TALLY_KINDS; kind++)
		sum_rows(to, from, (enum tally_kind)kind);
	histogram_sum(&to->turns, &from->turns);
	to->lua_bytes += __atomic_load_n(&from->lua_bytes, __ATOMIC_RELAXED);
	to->lua_states += __atomic_load_n(&from->lua_states, __ATOMIC_RELAXED);
}
