/* core/app/doctor.h
 *
 * What `switchhook doctor` looks at. Each check reports once or more; a report is a finding: what was looked
 * at, what was found, and what to do when it is not good.
 */
#pragma once

#include "base/base.h"

struct ruleset;

enum finding { FINDING_GOOD, FINDING_WARNING, FINDING_BAD };

struct doctor {
	const char *rules, *data, *listen;
	bool json;
	size_t n_warnings, n_bad;
};

void doctor_report(struct doctor *doctor, enum finding finding, const char *what, const char *hint,
		   const char *format, ...) __attribute__((format(printf, 5, 6)));

/* --- doctor_system.c --- */
void doctor_versions(struct doctor *doctor);
void doctor_clock(struct doctor *doctor);
void doctor_limits(struct doctor *doctor);
void doctor_data(struct doctor *doctor);
void doctor_address(struct doctor *doctor);

/* --- doctor_names.c --- */

/* The names of hosts that stand in the services' addresses: is each known to the resolver? */
void doctor_names(struct doctor *doctor, const struct ruleset *ruleset);
