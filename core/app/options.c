#include "app/options.h"

#include "base/suggest.h"

#include <arpa/inet.h>
#include <stdarg.h>
#include <stdio.h>

enum { OPTIONS_MAX = 64 };

static void show_help(const struct command *command, poptContext context)
{
	printf("%s\n%s\n", command->example, command->about);
	poptPrintHelp(context, stdout, 0);
}

static struct str nearest_option(const char *given, const struct poptOption *table)
{
	struct str names[OPTIONS_MAX];
	size_t n = 0;
	for (; table->longName && n < OPTIONS_MAX; table++)
		names[n++] = str_of(table->longName);
	return suggest_nearest((struct str){given, strcspn(given, "=")}, names, n);
}

static int wrong_option(const struct command *command, const struct poptOption *table, const char *bad,
			int code)
{
	if (code != POPT_ERROR_BADOPT)
		return options_wrong(command, "%s: %s", bad, poptStrerror(code));
	struct str near = nearest_option(bad + strspn(bad, "-"), table);
	if (near.p)
		return options_wrong(command, "unknown option %s; did you mean --" STR_FMT "?", bad,
				     STR_ARG(near));
	return options_wrong(command, "unknown option %s", bad);
}

/* popt overwrites string variables without freeing what was there, so they are taken from it one by one. */
static size_t copy_table(const struct poptOption *table, struct poptOption *copy)
{
	size_t n = 0;
	for (; table[n].longName; n++) {
		ensure(n + 1 < OPTIONS_MAX);
		copy[n] = table[n];
		copy[n].val = (int)n + 1;
		if (copy[n].argInfo == POPT_ARG_STRING)
			copy[n].arg = NULL;
	}
	copy[n] = (struct poptOption)OPTION_END;
	return n;
}

static int take_options(poptContext context, const struct poptOption *table)
{
	int code;
	while ((code = poptGetNextOpt(context)) > 0) {
		if (table[code - 1].argInfo != POPT_ARG_STRING)
			continue;
		char **place = table[code - 1].arg;
		free(*place);
		*place = poptGetOptArg(context);
	}
	return code;
}

static size_t copy_words(poptContext context, char ***ret)
{
	const char **words = poptGetArgs(context);
	size_t n = 0;
	while (words && words[n])
		n++;
	*ret = mem_zalloc((n + 1) * sizeof **ret);
	for (size_t i = 0; i < n; i++)
		(*ret)[i] = mem_strdup(words[i]);
	return n;
}

void words_free(char **words)
{
	for (size_t i = 0; words && words[i]; i++)
		free(words[i]);
	free(words);
}

int options_read(const struct command *command, int argc, char **argv, const struct poptOption *table)
{
	return options_read_words(command, argc, argv, table, NULL, NULL);
}

int options_read_words(const struct command *command, int argc, char **argv, const struct poptOption *table,
		       char ***ret_words, size_t *ret_n)
{
	int help = 0;
	char name[64];
	struct poptOption all[OPTIONS_MAX + 1];
	snprintf(name, sizeof name, "switchhook %s", command->name);
	size_t n = copy_table(table, all);
	all[n++] = (struct poptOption){"help", 'h', POPT_ARG_NONE, &help, 0, "show this help", NULL};
	all[n] = (struct poptOption)OPTION_END;
	const char **named = mem_alloc(((size_t)argc + 1) * sizeof *named);
	memcpy(named, argv, ((size_t)argc + 1) * sizeof *named);
	named[0] = name; /* popt's usage line shows it */
	poptContext context = poptGetContext(NULL, argc, named, all, 0);
	int result = OPTIONS_GO_ON, code = take_options(context, table);
	const char *extra = poptPeekArg(context);
	if (help) {
		show_help(command, context);
		result = EXIT_DONE;
	} else if (code < -1) {
		result = wrong_option(command, table, poptBadOption(context, POPT_BADOPTION_NOALIAS), code);
	} else if (extra && !ret_words) {
		result = options_wrong(command, "unexpected argument '%s'", extra);
	} else if (ret_words) {
		*ret_n = copy_words(context, ret_words);
	}
	poptFreeContext(context);
	free(named);
	return result;
}

int options_wrong(const struct command *command, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	fprintf(stderr, "switchhook %s: ", command->name);
	vfprintf(stderr, format, args);
	fprintf(stderr, "\nSee 'switchhook %s --help'.\n", command->name);
	va_end(args);
	return EXIT_USAGE;
}

static int wrong_address(const char *text, struct error *reterr)
{
	error_set(reterr, "'%s' is no address to listen on", text);
	error_hint(reterr, "write ADDR:PORT, as 127.0.0.1:8484 or [::1]:8484; port 0 takes any free one");
	return -1;
}

static bool parse_port(const char *text, uint16_t *ret)
{
	if (!*text || strlen(text) > 5 || text[strspn(text, "0123456789")])
		return false;
	long port = strtol(text, NULL, 10);
	if (port > UINT16_MAX)
		return false;
	*ret = (uint16_t)port;
	return true;
}

int listen_address_parse(const char *text, struct listen_address *ret, struct error *reterr)
{
	struct listen_address parsed = {0};
	const char *colon = strrchr(text, ':');
	if (!colon || !parse_port(colon + 1, &parsed.port))
		return wrong_address(text, reterr);
	const char *from = text;
	size_t n = (size_t)(colon - text);
	bool v6 = n > 2 && from[0] == '[' && from[n - 1] == ']';
	if (v6) {
		from++;
		n -= 2;
	}
	if (n >= sizeof parsed.address)
		return wrong_address(text, reterr);
	memcpy(parsed.address, from, n);
	if (!v6 && strcmp(parsed.address, "localhost") == 0)
		strcpy(parsed.address, "127.0.0.1");
	struct in_addr four;
	struct in6_addr six;
	if (v6 && inet_pton(AF_INET6, parsed.address, &six) == 1)
		parsed.loopback = IN6_IS_ADDR_LOOPBACK(&six);
	else if (!v6 && inet_pton(AF_INET, parsed.address, &four) == 1)
		parsed.loopback = ntohl(four.s_addr) >> 24 == 127;
	else
		return wrong_address(text, reterr);
	*ret = parsed;
	return 0;
}

void listen_address_url(const struct listen_address *address, uint16_t port, bool tls, char *url, size_t size)
{
	bool v6 = strchr(address->address, ':') != NULL;
	snprintf(url, size, "http%s://%s%s%s:%u", tls ? "s" : "", v6 ? "[" : "", address->address,
		 v6 ? "]" : "", port);
}
