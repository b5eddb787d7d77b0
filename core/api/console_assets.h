/* core/api/console_assets.h
 *
 * The console's files as they are in the program, each compressed with gzip; console/embed.sh writes them.
 * None when it was built without.
 */
#pragma once

#include "base/base.h"

struct console_asset {
	const char *name;
	struct str packed;
};

extern const struct console_asset console_assets[];
extern const size_t console_n_assets;
