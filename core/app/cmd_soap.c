/* switchhook soap: what a WSDL offers, the envelope for arguments, and an answer as JSON. */
#include "app/options.h"
#include "app/problems_print.h"
#include "app/soap_import.h"
#include "base/read_file.h"
#include "format/json.h"
#include "soap/answer.h"
#include "soap/describe.h"
#include "soap/envelope.h"
#include "soap/folder.h"

#include <stdio.h>

enum { INPUT_MAX = 16 << 20, TEXT_MAX = 64 << 20 };

struct soap {
	char *wsdl, *operation, *version, *service, *port, *headers, *args, *answer, *content_type;
	int json, quiet;
	struct wsdl *loaded;
	struct soap_target target;
	struct arena arena;
};

#define OPTION_CHOICE(soap)                                                                                  \
	{"service", 0, POPT_ARG_STRING, &(soap)->service, 0, "of this service of the WSDL", "NAME"},         \
		{"port", 0, POPT_ARG_STRING, &(soap)->port, 0, "of this port of the service", "NAME"},       \
		{"operation", 0, POPT_ARG_STRING, &(soap)->operation, 0, "the operation", "NAME"},           \
	{                                                                                                    \
		"soap", 0, POPT_ARG_STRING, &(soap)->version, 0, "1.1 or 1.2 (default: what the port says)", \
			"VERSION"                                                                            \
	}

static void soap_finish(struct soap *soap)
{
	char *texts[] = {soap->wsdl,    soap->operation, soap->version, soap->service,     soap->port,
			 soap->headers, soap->args,      soap->answer,  soap->content_type};
	for (size_t i = 0; i < countof(texts); i++)
		free(texts[i]);
	wsdl_free(soap->loaded);
	arena_finish(&soap->arena);
}

static int say(const struct error *error)
{
	problem_print(stderr, problems_form_for(stderr), false, error);
	return EXIT_NO;
}

static struct str given(const char *text)
{
	return text ? str_of(text) : (struct str){0};
}

static void print_warnings(const struct soap *soap)
{
	size_t more;
	const struct soap_warning *warning = wsdl_warnings(soap->loaded, &more);
	for (; warning; warning = warning->next) {
		struct error error;
		error_set(&error, STR_FMT, STR_ARG(warning->text));
		error_at(&error, warning->file, warning->line, 0, (struct str){0});
		problem_print(stderr, problems_form_for(stderr), true, &error);
	}
	if (more)
		fprintf(stderr, "%zu more warnings\n", more);
}

/* Documents often stand in folders side by side, so one level above the WSDL's own is allowed. */
static int load(struct soap *soap, struct error *reterr)
{
	struct soap_folder folder;
	char *path;
	if (soap_folder_of(soap->wsdl, 1, &folder, &path, reterr))
		return -1;
	struct soap_files files = soap_folder_files(&folder);
	int status = wsdl_load(&files, str_of(path), &soap->loaded, reterr);
	free(path);
	soap_folder_finish(&folder);
	return status;
}

static int choose(struct soap *soap, struct soap_choice *ret, struct error *reterr)
{
	*ret = (struct soap_choice){given(soap->service), given(soap->port), given(soap->operation),
				    SOAP_ANY};
	if (soap->version && strcmp(soap->version, "1.1") == 0)
		ret->version = SOAP_11;
	else if (soap->version && strcmp(soap->version, "1.2") == 0)
		ret->version = SOAP_12;
	else if (soap->version)
		return error_set(reterr, "there is SOAP 1.1 and 1.2, but no '%s'", soap->version);
	return 0;
}

/* `operations` shows what is wrong with a WSDL; the others only use it. */
static int prepare(struct soap *soap, struct error *reterr)
{
	struct soap_choice choice;
	if (choose(soap, &choice, reterr) || load(soap, reterr))
		return -1;
	return wsdl_find(soap->loaded, &choice, &soap->target, reterr);
}

static int read_json(struct soap *soap, const char *path, struct value *ret, struct error *reterr)
{
	struct buf text;
	buf_init(&text, INPUT_MAX);
	int status = strcmp(path, "-") == 0 ? read_file("/dev/stdin", &text, reterr)
					    : read_file(path, &text, reterr);
	struct str copy = status ? (struct str){0} : arena_copy(&soap->arena, buf_view(&text));
	if (status == 0)
		status = copy.p ? json_parse(copy, (struct json_limits){0}, &soap->arena, ret, reterr)
				: error_set(reterr, "'%s' is too large", path);
	if (status && reterr->line)
		error_at(reterr, str_of(path), reterr->line, reterr->column, buf_view(&text));
	buf_finish(&text);
	return status;
}

static int write_out(struct buf *out)
{
	bool written = fwrite(buf_view(out).p, 1, out->n, stdout) == out->n && fflush(stdout) == 0;
	if (!written)
		fputs("switchhook soap: the output cannot be written\n", stderr);
	return written ? EXIT_DONE : EXIT_NO;
}

static int print_envelope(struct soap *soap)
{
	struct value args, headers;
	struct soap_envelope_options options = {0};
	struct error error;
	struct buf out;
	if (prepare(soap, &error) || read_json(soap, soap->args, &args, &error))
		return say(&error);
	if (soap->headers && read_json(soap, soap->headers, &headers, &error))
		return say(&error);
	options.headers = soap->headers ? &headers : NULL;
	buf_init(&out, TEXT_MAX);
	int status = soap_request_build(soap->loaded, &soap->target, &args, &options, &out, &error);
	buf_char(&out, '\n');
	int code = status ? say(&error) : write_out(&out);
	buf_finish(&out);
	return code;
}

static int print_answer(struct soap *soap)
{
	struct soap_answer answer;
	struct value fault;
	struct error error;
	struct buf text, out;
	if (prepare(soap, &error))
		return say(&error);
	buf_init(&text, INPUT_MAX);
	buf_init(&out, TEXT_MAX);
	int status = read_file(strcmp(soap->answer, "-") == 0 ? "/dev/stdin" : soap->answer, &text, &error);
	if (status == 0)
		status = soap_answer_read(soap->loaded, &soap->target, buf_view(&text),
					  given(soap->content_type), NULL, &soap->arena, &answer, &error);
	if (status == 0 && answer.is_fault)
		status = soap_fault_value(&answer, &soap->arena, &fault);
	if (status == 0)
		json_write(&out, answer.is_fault ? &fault : &answer.output);
	buf_char(&out, '\n');
	int code = status ? say(&error) : write_out(&out);
	buf_finish(&text);
	buf_finish(&out);
	return code;
}

static int print_operations(struct soap *soap)
{
	struct soap_describe_options options = {.skeletons = !soap->quiet};
	struct error error;
	struct buf out;
	if (choose(soap, &options.choice, &error) || load(soap, &error))
		return say(&error);
	print_warnings(soap);
	buf_init(&out, TEXT_MAX);
	size_t n = soap->json ? soap_describe_json(soap->loaded, &options, &out)
			      : soap_describe(soap->loaded, &options, &out);
	int code = write_out(&out);
	buf_finish(&out);
	struct soap_target ignored;
	if (n == 0 && wsdl_find(soap->loaded, &options.choice, &ignored, &error))
		return say(&error);
	return code;
}

static const struct command operations;
static const struct command envelope;
static const struct command parse;
static const struct command import;

static int run_operations(const struct command *command, int argc, char **argv)
{
	struct soap soap = {0};
	char **words = NULL;
	size_t n;
	const struct poptOption table[] = {
		OPTION_CHOICE(&soap),
		{"tree", 0, POPT_ARG_NONE, &soap.quiet, 0, "only the tree, without the Lua", NULL},
		OPTION_JSON(&soap.json, "one operation a line, as JSON"),
		OPTION_END,
	};
	arena_init(&soap.arena, TEXT_MAX);
	int code = options_read_words(command, argc, argv, table, &words, &n);
	if (code == OPTIONS_GO_ON && n != 1)
		code = options_wrong(command, "it needs the file of a WSDL");
	else if (code == OPTIONS_GO_ON) {
		soap.wsdl = mem_strdup(words[0]);
		code = print_operations(&soap);
	}
	words_free(words);
	soap_finish(&soap);
	return code;
}

static int run_envelope(const struct command *command, int argc, char **argv)
{
	struct soap soap = {0};
	const struct poptOption table[] = {
		{"wsdl", 0, POPT_ARG_STRING, &soap.wsdl, 0, "the WSDL", "FILE"},
		OPTION_CHOICE(&soap),
		{"args", 0, POPT_ARG_STRING, &soap.args, 0, "the arguments, as JSON; - is stdin", "FILE"},
		{"headers", 0, POPT_ARG_STRING, &soap.headers, 0, "SOAP headers, as JSON", "FILE"},
		OPTION_END,
	};
	arena_init(&soap.arena, TEXT_MAX);
	int code = options_read(command, argc, argv, table);
	if (code == OPTIONS_GO_ON && (!soap.wsdl || !soap.operation || !soap.args))
		code = options_wrong(command, "it needs --wsdl, --operation and --args");
	else if (code == OPTIONS_GO_ON)
		code = print_envelope(&soap);
	soap_finish(&soap);
	return code;
}

static int run_parse(const struct command *command, int argc, char **argv)
{
	struct soap soap = {0};
	const struct poptOption table[] = {
		{"wsdl", 0, POPT_ARG_STRING, &soap.wsdl, 0, "the WSDL", "FILE"},
		OPTION_CHOICE(&soap),
		{"answer", 0, POPT_ARG_STRING, &soap.answer, 0, "the answer's body; - is stdin", "FILE"},
		{"content-type", 0, POPT_ARG_STRING, &soap.content_type, 0,
		 "its Content-Type, for answers in parts", "TYPE"},
		OPTION_END,
	};
	arena_init(&soap.arena, TEXT_MAX);
	int code = options_read(command, argc, argv, table);
	if (code == OPTIONS_GO_ON && (!soap.wsdl || !soap.operation || !soap.answer))
		code = options_wrong(command, "it needs --wsdl, --operation and --answer");
	else if (code == OPTIONS_GO_ON)
		code = print_answer(&soap);
	soap_finish(&soap);
	return code;
}

static const struct command operations = {
	.name = "soap operations",
	.summary = "the operations of a WSDL with their fields and types, and Lua to fill in",
	.example = "  switchhook soap operations rules/services/orders.wsdl\n",
	.about = "Shows services, ports and operations with their fields and types, and for each a call in "
		 "Lua.\n"
		 "What is wrong with the file but can be understood is a warning on stderr.\n",
	.run = run_operations,
};

static const struct command envelope = {
	.name = "soap envelope",
	.summary = "the exact envelope for these arguments",
	.example =
		"  switchhook soap envelope --wsdl orders.wsdl --operation CreateOrder --args order.json\n",
	.about = "Prints the request as it would be sent. A wrong field is named with its path, and ends "
		 "with 1.\n",
	.run = run_envelope,
};

static const struct command parse = {
	.name = "soap parse",
	.summary = "an answer or a fault as JSON",
	.example = "  switchhook soap parse --wsdl orders.wsdl --operation CreateOrder --answer answer.xml\n",
	.about = "Prints an answer as rules see it. A fault is "
		 "{\"kind\":\"fault\",\"code\":…,\"reason\":…,\"detail\":…}.\n",
	.run = run_parse,
};

static int run_import(const struct command *command, int argc, char **argv)
{
	char *folder = mem_strdup("rules/services"), **words = NULL;
	int any_host = 0;
	size_t n;
	const struct poptOption table[] = {
		{"to", 0, POPT_ARG_STRING, &folder, 0, "the folder it is saved in (default: rules/services)",
		 "DIR"},
		{"any-host", 0, POPT_ARG_NONE, &any_host, 0, "also what the WSDL imports from other hosts",
		 NULL},
		OPTION_END,
	};
	int code = options_read_words(command, argc, argv, table, &words, &n);
	if (code == OPTIONS_GO_ON && n != 1)
		code = options_wrong(command, "it needs the address of a WSDL");
	else if (code == OPTIONS_GO_ON)
		code = soap_import(&(struct soap_import){words[0], folder, any_host});
	words_free(words);
	free(folder);
	return code;
}

static const struct command import = {
	.name = "soap import",
	.summary = "save a WSDL and all that it imports beside the rules",
	.example = "  switchhook soap import 'https://crm.example.com/orders?wsdl' --to rules/services\n",
	.about = "Fetches the WSDL and what it includes and imports from the same host, saves them in one "
		 "folder and\n"
		 "writes their locations anew. Files that are there are not overwritten. Nothing is fetched "
		 "later.\n",
	.run = run_import,
};

static const struct command *const parts[] = {&operations, &envelope, &parse, &import};

static int run_soap(const struct command *command, int argc, char **argv)
{
	const char *name = argc > 1 ? argv[1] : "";
	for (size_t i = 0; i < countof(parts); i++)
		if (strcmp(name, parts[i]->name + strlen("soap ")) == 0)
			return parts[i]->run(parts[i], argc - 1, argv + 1);
	bool help = strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0;
	if (!help)
		return options_wrong(
			command, *name ? "there is no 'soap %s'" : "it needs one of its commands%s", name);
	printf("%s\n%s\nCommands:\n", command->example, command->about);
	for (size_t i = 0; i < countof(parts); i++)
		printf("  %-16s %s\n", parts[i]->name, parts[i]->summary);
	return EXIT_DONE;
}

const struct command command_soap = {
	.name = "soap",
	.summary = "what a WSDL offers, envelopes for arguments, answers as JSON",
	.example =
		"  switchhook soap operations rules/services/orders.wsdl\n"
		"  switchhook soap envelope --wsdl orders.wsdl --operation CreateOrder --args order.json\n",
	.about = "Looks at SOAP services without calling them.\n",
	.run = run_soap,
};
