/* switchhook sink: a web service to test against. */
#include "app/loop.h"
#include "app/options.h"
#include "app/problems_print.h"
#include "app/sink.h"
#include "app/sink_print.h"
#include "base/clock.h"

#include <unistd.h>

struct sink_command {
	char *listen, *answers_file;
	int json, quiet;
	struct listen_address address;
	struct answers answers;
	struct app_loop loop;
	struct sink *sink;
};

static void print_request(void *context, struct http_request *request, const struct scripted_answer *answer)
{
	struct sink_command *command = context;
	if (command->json)
		sink_print_json(stdout, clock_wall_ms(clock_system()), request);
	else if (!command->quiet)
		sink_print(stdout, "", request, answer);
	fflush(stdout);
}

static void stop(void *context)
{
	struct sink_command *command = context;
	sink_destroy(command->sink);
	command->sink = NULL;
	uv_stop(&command->loop.uv);
}

static int serve(struct sink_command *command)
{
	struct error error;
	struct log log = {.fd = STDERR_FILENO, .level = LOG_LEVEL_WARN};
	struct sink_options options = {
		.address = command->address.address,
		.port = command->address.port,
		.answers = &command->answers,
		.log = &log,
		.seen = print_request,
		.context = command,
	};
	app_loop_init(&command->loop, stop, command);
	int code = sink_create(&command->loop.uv, &options, &command->sink, &error) ? EXIT_NO : EXIT_DONE;
	if (code == EXIT_DONE) {
		char url[96];
		listen_address_url(&command->address, sink_port(command->sink), false, url, sizeof url);
		fprintf(stderr, "listening on %s\n", url);
		uv_run(&command->loop.uv, UV_RUN_DEFAULT);
	} else {
		problem_print(stderr, problems_form_for(stderr), false, &error);
	}
	app_loop_finish(&command->loop);
	return code;
}

static int check_and_serve(const struct command *about, struct sink_command *command)
{
	struct error error;
	if (listen_address_parse(command->listen, &command->address, &error))
		return options_wrong(about, "%s; %s", error.what, error.hint);
	if (command->answers_file && (answers_read(&command->answers, command->answers_file, &error) ||
				      answers_fit_sink(&command->answers, command->answers_file, &error))) {
		problem_print(stderr, problems_form_for(stderr), false, &error);
		return EXIT_NO;
	}
	raise_file_limit();
	return serve(command);
}

static int run_sink(const struct command *about, int argc, char **argv)
{
	struct sink_command command = {.listen = mem_strdup("127.0.0.1:8585")};
	const struct poptOption table[] = {
		{"listen", 0, POPT_ARG_STRING, &command.listen, 0,
		 "where to listen (default: 127.0.0.1:8585)", "ADDR:PORT"},
		{"answers", 0, POPT_ARG_STRING, &command.answers_file, 0, "what to answer, as a JSON array",
		 "FILE"},
		OPTION_JSON(&command.json, "one request a line, as JSON"),
		{"quiet", 0, POPT_ARG_NONE, &command.quiet, 0, "print no requests", NULL},
		OPTION_END,
	};
	answers_init(&command.answers);
	int code = options_read(about, argc, argv, table);
	if (code == OPTIONS_GO_ON)
		code = check_and_serve(about, &command);
	answers_finish(&command.answers);
	free(command.listen);
	free(command.answers_file);
	return code;
}

const struct command command_sink = {
	.name = "sink",
	.summary = "a web service to test against: prints what it receives, answers as scripted",
	.example = "  switchhook sink --listen 127.0.0.1:8585\n"
		   "  switchhook sink --answers rules/samples/answers.json --json\n",
	.about = "Takes any request, prints it, and answers 200 with no body, or what the file of --answers "
		 "says:\n"
		 "  [{\"path\": \"/crm/orders\", \"status\": 201, \"body\": {\"OrderId\": \"SO-55120\"}, "
		 "\"times\": 1},\n"
		 "   {\"method\": \"POST\", \"path\": \"/chat\", \"error\": \"timeout\"}]\n"
		 "The first entry that fits wins. `path` fits paths that begin with it; `times` uses an "
		 "entry up;\n"
		 "`delay_ms` waits first; `error` is \"timeout\" (no answer comes) or \"reset\" (the "
		 "connection is closed).\n",
	.run = run_sink,
};
