/* core/engine/run_id.h
 *
 * What a run is called: "run_", the number of its event, and eight digits that follow from its campaign and
 * rule. Any thread.
 */
#pragma once

#include "base/base.h"

enum { RUN_ID_SIZE = 40 };

struct str run_id(char text[RUN_ID_SIZE], uint64_t seq, struct str campaign, struct str rule);

/* The number of the event of such an id; 0 when it is none. */
uint64_t run_id_seq(struct str id);
