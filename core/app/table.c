#include "app/table.h"

#include <locale.h>

struct libscols_table *table_new(const char *const *names, size_t n, unsigned right)
{
	struct libscols_table *table = scols_new_table();
	setlocale(LC_CTYPE, "");
	for (size_t i = 0; i < n; i++)
		scols_table_new_column(table, names[i], 0, right >> i & 1 ? SCOLS_FL_RIGHT : 0);
	return table;
}

void table_cell(struct libscols_line *line, size_t column, struct str text)
{
	char *z = mem_strndup(text.p, text.n);
	scols_line_set_data(line, column, z);
	free(z);
}
