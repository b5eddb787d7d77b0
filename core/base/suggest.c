#include "base/suggest.h"

#include <ctype.h>

enum { WORD_MAX = 64 };

/* Damerau-Levenshtein with adjacent transpositions, two rows and the one before them. Case counts half, hence
 * the doubled costs: 'Method' is nearer to 'method' than 'metho' is. */
static int distance(struct str a, struct str b)
{
	int rows[3][WORD_MAX + 1];
	int *older = rows[0], *old = rows[1], *row = rows[2];
	for (size_t j = 0; j <= b.n; j++)
		old[j] = 2 * (int)j;
	for (size_t i = 1; i <= a.n; i++) {
		row[0] = 2 * (int)i;
		for (size_t j = 1; j <= b.n; j++) {
			char x = a.p[i - 1], y = b.p[j - 1];
			int cost = x == y                                                   ? 0
				   : tolower((unsigned char)x) == tolower((unsigned char)y) ? 1
											    : 2;
			int best = old[j - 1] + cost;
			if (old[j] + 2 < best)
				best = old[j] + 2;
			if (row[j - 1] + 2 < best)
				best = row[j - 1] + 2;
			if (i > 1 && j > 1 && x == b.p[j - 2] && a.p[i - 2] == y && older[j - 2] + 2 < best)
				best = older[j - 2] + 2;
			row[j] = best;
		}
		int *spare = older;
		older = old;
		old = row;
		row = spare;
	}
	return old[b.n];
}

struct str suggest_nearest(struct str word, const struct str *words, size_t n)
{
	struct str nearest = {0};
	if (word.n == 0 || word.n > WORD_MAX)
		return nearest;
	int best = 2 * (int)(word.n < 4 ? 1 : word.n / 3 + 1);
	if (word.n < 3)
		best = 2;
	for (size_t i = 0; i < n; i++) {
		if (words[i].n > WORD_MAX)
			continue;
		int d = str_eq_nocase(word, words[i]) ? 1 : distance(word, words[i]);
		if (d < best || (d == best && !nearest.p)) {
			best = d;
			nearest = words[i];
		}
	}
	return nearest;
}
