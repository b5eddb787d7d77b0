/* The program's door: which command, and what to say when there is none. */
#include "app/app.h"
#include "base/suggest.h"

#include <signal.h>
#include <stdio.h>

/* jemalloc's own name for its options. Memory goes back to the system on a thread of its own: where it is
 * freed, that would hold up a shard's loop for milliseconds. */
const char *malloc_conf = "background_thread:true";

static const struct command *const commands[] = {
	&command_run,        &command_check,   &command_simulate,  &command_test,   &command_diff,
	&command_deliveries, &command_explain, &command_redeliver, &command_events, &command_status,
	&command_services,   &command_reload,  &command_rules,     &command_soap,   &command_sink,
	&command_demo,       &command_doctor,
};

static void show_help(FILE *out)
{
	fputs("  switchhook demo\n"
	      "  switchhook run --rules rules\n"
	      "\n"
	      "Call events come in; your Lua rules decide which web services to call, and with what.\n"
	      "\n"
	      "Usage: switchhook COMMAND [OPTIONS]\n"
	      "\n"
	      "Commands:\n",
	      out);
	for (size_t i = 0; i < countof(commands); i++)
		fprintf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
	fputs("\n"
	      "'switchhook COMMAND --help' shows a command's options; 'switchhook --version' the version.\n",
	      out);
}

static const struct command *find_command(const char *name)
{
	for (size_t i = 0; i < countof(commands); i++)
		if (strcmp(commands[i]->name, name) == 0)
			return commands[i];
	return NULL;
}

static int unknown_command(const char *given)
{
	struct str names[countof(commands)];
	for (size_t i = 0; i < countof(commands); i++)
		names[i] = str_of(commands[i]->name);
	struct str near = suggest_nearest(str_of(given), names, countof(names));
	fprintf(stderr, "switchhook: unknown %s '%s'", given[0] == '-' ? "option" : "command", given);
	if (near.p)
		fprintf(stderr, "; did you mean '" STR_FMT "'?", STR_ARG(near));
	fputs("\nSee 'switchhook --help'.\n", stderr);
	return EXIT_USAGE;
}

static int help_of(const char *name)
{
	static char help[] = "--help";
	const struct command *command = find_command(name);
	char *argv[] = {(char *)(uintptr_t)name, help, NULL};
	return command ? command->run(command, 2, argv) : unknown_command(name);
}

int main(int argc, char **argv)
{
	/* A reader of our output, or a peer, that goes away is an error of one write, not the end of the
	 * process. */
	signal(SIGPIPE, SIG_IGN);
	const char *name = argc > 1 ? argv[1] : NULL;
	if (!name) {
		show_help(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(name, "help") == 0 && argc > 2)
		return help_of(argv[2]);
	if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
		show_help(stdout);
		return EXIT_DONE;
	}
	if (strcmp(name, "--version") == 0) {
		puts("switchhook " VERSION);
		return EXIT_DONE;
	}
	const struct command *command = find_command(name);
	if (!command)
		return unknown_command(name);
	return command->run(command, argc - 1, argv + 1);
}
