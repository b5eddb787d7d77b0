/* switchhook doctor: would the engine do well here? */
#include "app/doctor.h"
#include "app/options.h"
#include "app/rules_load.h"
#include "format/json.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static const char *const words[] = {"good", "warning", "bad"};

static void report_json(enum finding finding, const char *what, const char *found, const char *hint)
{
	struct buf line;
	buf_init(&line, 16 * 1024);
	buf_printf(&line, "{\"finding\":\"%s\",\"what\":\"%s\",\"found\":", words[finding], what);
	json_write_string(&line, str_of(found));
	buf_str(&line, STR(",\"hint\":"));
	if (hint)
		json_write_string(&line, str_of(hint));
	else
		buf_str(&line, STR("null"));
	buf_char(&line, '}');
	puts(buf_z(&line));
	buf_finish(&line);
}

void doctor_report(struct doctor *doctor, enum finding finding, const char *what, const char *hint,
		   const char *format, ...)
{
	char found[2048];
	va_list args;
	va_start(args, format);
	vsnprintf(found, sizeof found, format, args);
	va_end(args);
	hint = hint && hint[0] ? hint : NULL;
	doctor->n_warnings += finding == FINDING_WARNING;
	doctor->n_bad += finding == FINDING_BAD;
	if (doctor->json) {
		report_json(finding, what, found, hint);
		return;
	}
	printf("%-7s  %-12s %s\n", words[finding], what, found);
	if (hint && finding != FINDING_GOOD)
		printf("         %-12s hint: %s\n", "", hint);
}

static void look_at_rules(struct doctor *doctor)
{
	struct ruleset *ruleset;
	struct error error;
	if (rules_load(doctor->rules, NULL, NULL, &ruleset, &error)) {
		doctor_report(doctor, FINDING_BAD, "rules", error.hint, "%s", error.what);
		return;
	}
	size_t serving = ruleset_loaded_campaigns(ruleset), errors = ruleset->n_errors;
	if (errors || !serving)
		doctor_report(doctor, serving ? FINDING_WARNING : FINDING_BAD, "rules",
			      "`switchhook check` shows each with its line",
			      "%zu errors; %zu campaigns can serve", errors, serving);
	else
		doctor_report(doctor, FINDING_GOOD, "rules", NULL, "%zu campaigns, %zu services", serving,
			      ruleset->n_services);
	doctor_names(doctor, ruleset);
	ruleset_unref(ruleset);
}

static int examine(struct doctor *doctor)
{
	doctor_versions(doctor);
	doctor_clock(doctor);
	doctor_limits(doctor);
	doctor_data(doctor);
	doctor_address(doctor);
	look_at_rules(doctor);
	if (!doctor->json)
		printf("%zu bad, %zu %s\n", doctor->n_bad, doctor->n_warnings,
		       doctor->n_warnings == 1 ? "warning" : "warnings");
	return doctor->n_bad ? EXIT_NO : EXIT_DONE;
}

static int run_doctor(const struct command *command, int argc, char **argv)
{
	char *rules = mem_strdup("rules"), *data = mem_strdup("data"), *listen = mem_strdup("127.0.0.1:8484");
	int json = 0;
	const struct poptOption table[] = {
		OPTION_RULES(&rules),
		{"data", 0, POPT_ARG_STRING, &data, 0, "folder of the journal (default: data)", "DIR"},
		{"listen", 0, POPT_ARG_STRING, &listen, 0,
		 "where `run` would listen (default: 127.0.0.1:8484)", "ADDR:PORT"},
		OPTION_JSON(&json, "one finding a line, as JSON"),
		OPTION_END,
	};
	int code = options_read(command, argc, argv, table);
	if (code == OPTIONS_GO_ON) {
		struct doctor doctor = {.rules = rules, .data = data, .listen = listen, .json = json};
		code = examine(&doctor);
	}
	free(rules);
	free(data);
	free(listen);
	return code;
}

const struct command command_doctor = {
	.name = "doctor",
	.summary = "would the engine do well here: disk, clock, limits, names, rights",
	.example = "  switchhook doctor --rules /etc/switchhook/rules --data /var/lib/switchhook\n",
	.about = "Looks at what an engine needs, and changes nothing. Give it the options of `run`, and run "
		 "it as the\n"
		 "user who runs the engine.\n"
		 "Ends with 0 if nothing is bad, else with 1.\n",
	.run = run_doctor,
};
