/* switchhook reload: the rules of a running engine, anew from their folder. */
#include "app/client.h"
#include "app/options.h"
#include "app/reload_print.h"

static int run_reload(const struct command *command, int argc, char **argv)
{
	char *server = NULL;
	int json = 0;
	const struct poptOption table[] = {
		OPTION_SERVER(&server),
		OPTION_JSON(&json, "the answer as one JSON object"),
		OPTION_END,
	};
	int code = options_read(command, argc, argv, table);
	if (code == OPTIONS_GO_ON)
		code = client_show(server, "POST", "/v1/rules/reload", reload_print, json);
	free(server);
	return code;
}

const struct command command_reload = {
	.name = "reload",
	.summary = "load the rules folder of a running engine anew, and say what changed",
	.example = "  switchhook reload\n",
	.about = "Reads the rules folder of the running engine, loads what changed, and lets it serve from "
		 "the next\n"
		 "event on. Runs that have begun end with the rules they began with. A campaign that has "
		 "errors goes\n"
		 "on as it was; the others change. An engine that watches its folder does the same by "
		 "itself.\n"
		 "Ends with 0 if all is well, 1 if there are errors, 4 if no engine answers.\n",
	.run = run_reload,
};
