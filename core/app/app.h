/* core/app/app.h
 *
 * The program `switchhook`: one function a command, and the exit codes that scripts rely on. Main thread
 * only.
 */
#pragma once

#include "base/base.h"

enum exit_code {
	EXIT_DONE = 0,
	EXIT_NO = 1,          /* it ran, and the answer is no: a rule is invalid, a delivery is dead */
	EXIT_USAGE = 2,       /* wrong usage */
	EXIT_UNREACHABLE = 4, /* the engine cannot be reached */
	EXIT_CONFIG = 78,     /* `run` refused its configuration */
};

struct command {
	const char *name;
	const char *summary; /* one line, for the list of commands */
	const char *example; /* opens the help: one command a line, indented */
	const char *about;   /* what it does, for the help; ends with a newline */

	/* argv[0] is the command's name. Returns an exit code. */
	int (*run)(const struct command *command, int argc, char **argv);
};

extern const struct command command_run;
extern const struct command command_check;
extern const struct command command_simulate;
extern const struct command command_test;
extern const struct command command_diff;
extern const struct command command_sink;
extern const struct command command_demo;
extern const struct command command_deliveries;
extern const struct command command_explain;
extern const struct command command_redeliver;
extern const struct command command_events;
extern const struct command command_services;
extern const struct command command_status;
extern const struct command command_reload;
extern const struct command command_rules;
extern const struct command command_soap;
extern const struct command command_doctor;
