/* Parts of the simulator: scripted answers, when samples arrive, requests as rows, what it may hold. */
#include "unit.h"

#include "simulate/answers.h"
#include "script/script.h"
#include "simulate/diff.h"
#include "simulate/flatten.h"
#include "simulate/play.h"
#include "simulate/samples.h"

static void load(struct answers *answers, const char *json)
{
	struct error error;
	answers_init(answers);
	if (answers_parse(answers, str_of(json), "answers.json", &error))
		fail_msg("%s", error.what);
}

static int status_for(struct answers *answers, const struct answer_key *key)
{
	const struct scripted_answer *answer = answers_take(answers, key);
	return answer ? answer->status : 0;
}

static void an_answer_fits_when_all_that_it_names_does(void **state)
{
	struct answers answers;
	struct answer_key crm = {
		.service = STR("orders"), .group = STR("crm"), .method = STR("POST"), .path = STR("/a/b")};
	struct answer_key sink = {.method = STR("GET"), .path = STR("/a/b")};
	load(&answers, "[{\"service\":\"orders\",\"path\":\"/x\",\"status\":201},"
		       "{\"service\":\"crm\",\"operation\":\"Make\",\"status\":202},"
		       "{\"service\":\"crm\",\"method\":\"post\",\"times\":1,\"status\":203},"
		       "{\"path\":\"/a\",\"status\":204}]");
	assert_int_equal(status_for(&answers, &crm), 203);
	assert_int_equal(status_for(&answers, &crm), 204); /* 203 is used up */
	answers_rewind(&answers);
	assert_int_equal(status_for(&answers, &crm), 203);
	crm.operation = STR("Make");
	assert_int_equal(status_for(&answers, &crm), 202);
	assert_int_equal(status_for(&answers, &sink), 204); /* a sink knows no services */
	sink.path = STR("/b");
	assert_int_equal(status_for(&answers, &sink), 0);
	answers_finish(&answers);
}

static void a_sink_refuses_what_it_cannot_do(void **state)
{
	struct answers answers;
	struct error error;
	load(&answers, "[{\"service\":\"crm\",\"error\":\"dns\"},{\"path\":\"/\",\"error\":\"reset\"}]");
	assert_int_equal(answers_fit_sink(&answers, "answers.json", &error), 0);
	answers_finish(&answers);
	load(&answers, "[{\"path\":\"/\",\"error\":\"refused\"}]");
	assert_int_equal(answers_fit_sink(&answers, "answers.json", &error), -1);
	assert_non_null(strstr(error.what, "answer 1"));
	answers_finish(&answers);
}

static void answers_can_be_added_one_by_one(void **state)
{
	struct answers answers;
	struct error error;
	answers_init(&answers);
	assert_int_equal(answers_add(&answers, STR("{\"service\":\"a\",\"status\":201}"), &error), 0);
	assert_int_equal(answers_add(&answers, STR("{\"statsu\":201}"), &error), -1);
	assert_string_equal(error.hint, "did you mean 'status'?");
	assert_int_equal(answers_add(&answers, STR("{\"status\":202}"), &error), 0);
	assert_int_equal(answers.n, 2);
	assert_int_equal(status_for(&answers, &(struct answer_key){.service = STR("b"), .group = STR("")}),
			 202);
	answers_finish(&answers);
}

/* Each event: its id, call and second of the day. */
#define EVENT(id, call, second)                                                   \
	"{\"id\":\"" id "\",\"type\":\"t\",\"source\":\"/s\",\"subject\":\"" call \
	"\",\"time\":\"2025-10-14T18:00:" second "Z\",\"data\":{}}\n"

static void events_arrive_at_their_time_but_behind_earlier_ones_of_their_call(void **state)
{
	struct event_list list = {0};
	struct error error;
	const char *text = EVENT("1", "a", "20") EVENT("2", "a", "10")
		EVENT("3", "b",
		      "15") "{\"id\":\"4\",\"type\":\"t\",\"source\":\"/s\",\"subject\":\"c\",\"data\":{}}";
	if (samples_parse(str_of(text), "x", &list, &error))
		fail_msg("%s", error.what);
	samples_arrive(&list);
	const char *order[] = {"3", "4", "1", "2"};
	assert_int_equal(list.n, 4);
	for (size_t i = 0; i < 4; i++)
		assert_true(str_eq(list.events[i]->id, str_of(order[i])));
	assert_int_equal(list.events[3]->arrived_ms - list.events[3]->time_ms, 10000);
	assert_int_equal(list.events[1]->time_ms,
			 list.events[0]->time_ms); /* undated: as the one before it */
	event_list_finish(&list);
}

static void a_sample_that_is_wrong_names_its_line(void **state)
{
	struct event_list list = {0};
	struct error error;
	assert_int_equal(
		samples_parse(STR("\n" EVENT("1", "a", "20") "\n{\"type\":}"), "x.ndjson", &list, &error),
		-1);
	assert_string_equal(error.file, "x.ndjson");
	assert_int_equal(error.line, 4);
	event_list_finish(&list);
}

static const char *row(const struct flat *flat, const char *place)
{
	for (size_t i = 0; i < flat->n; i++)
		if (str_eq(flat->rows[i].place, str_of(place)))
			return flat->rows[i].value.p;
	return NULL;
}

static void a_request_is_rows_of_place_and_value(void **state)
{
	struct event event = {.time_ms = 1000};
	struct result result = {.event = &event};
	struct header headers[] = {{STR("content-type"), STR("application/json")},
				   {STR("webhook-id"), STR("msg_1")}};
	struct result_delivery item = {
		.verb = STR("send"),
		.method = STR("POST"),
		.url = STR("https://x/y?a=1&a=%20&b"),
		.body = STR("{\"a\":{\"b\":[1,{\"c\":\"d\"}]},\"e\":[],\"f\":null}"),
		.headers = headers,
		.n_headers = 2,
		.at_ms = 3500,
	};
	struct arena arena;
	struct flat flat;
	arena_init(&arena, 1 << 20);
	flatten(&result, &item, &arena, &flat);
	assert_string_equal(row(&flat, "url"), "https://x/y");
	assert_string_equal(row(&flat, "url?a"), "1");
	assert_string_equal(row(&flat, "url?a[1]"), " ");
	assert_string_equal(row(&flat, "url?b"), "");
	assert_string_equal(row(&flat, "body.a.b[0]"), "1");
	assert_string_equal(row(&flat, "body.a.b[1].c"), "\"d\"");
	assert_string_equal(row(&flat, "body.e"), "[]");
	assert_string_equal(row(&flat, "body.f"), "null");
	assert_string_equal(row(&flat, "at_ms"), "2500");
	assert_string_equal(row(&flat, "headers.content-type"), "application/json");
	assert_null(row(&flat, "headers.webhook-id"));
	flat_finish(&flat);
	arena_finish(&arena);
}

/* --- what is held --- */

static const char WAITING[] = "serves { \"/s\" }\n"
			      "local s = http.service { name = \"s\", url = \"http://127.0.0.1:9/\", text = "
			      "\"a body of 25 characters..\" }\n"
			      "rule \"r\" { on = \"t\", fire = s }\n";

static bool count_result(void *context, struct result *result)
{
	++*(size_t *)context;
	result_free(result);
	return true;
}

static void what_waits_for_its_next_attempt_is_held_up_to_a_bound(void **state)
{
	const struct source_file file = {STR("main.lua"), {WAITING, sizeof WAITING - 1}};
	struct ruleset *ruleset = script_load(&file, 1, 1, NULL);
	struct event_list list = {0};
	struct answers answers;
	struct error error;
	struct diff diff;
	size_t n = 0;
	assert_int_equal(ruleset->n_errors, 0);
	load(&answers, "[{\"service\":\"s\",\"status\":503}]");
	assert_int_equal(samples_parse(STR(EVENT("1", "a", "01") EVENT("2", "b", "02") EVENT("3", "c", "03")),
				       "x", &list, &error),
			 0);
	samples_arrive(&list);
	struct play play = {.simulation = {.ruleset = ruleset, .answers = &answers},
			    .result = count_result,
			    .context = &n,
			    .bytes_max = 149}; /* of each body there are two */
	assert_int_equal(play_events(&play, &list, &error), 1);
	assert_int_equal(n, 0);
	play.bytes_max = 150;
	assert_int_equal(play_events(&play, &list, &error), 0);
	assert_int_equal(n, 3);
	struct diff_options options = {.from = ruleset,
				       .to = ruleset,
				       .answers = STR("[{\"service\":\"s\",\"status\":503}]"),
				       .bytes_max = 149};
	assert_int_equal(diff_run(&options, &list, &diff, &error), 1);
	assert_int_equal(diff.events, 0);
	diff_finish(&diff);
	options.bytes_max = 0;
	assert_int_equal(diff_run(&options, &list, &diff, &error), 0);
	assert_int_equal(diff.events, 3);
	diff_finish(&diff);
	event_list_finish(&list);
	answers_finish(&answers);
	ruleset_unref(ruleset);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_answer_fits_when_all_that_it_names_does),
		cmocka_unit_test(a_sink_refuses_what_it_cannot_do),
		cmocka_unit_test(answers_can_be_added_one_by_one),
		cmocka_unit_test(events_arrive_at_their_time_but_behind_earlier_ones_of_their_call),
		cmocka_unit_test(a_sample_that_is_wrong_names_its_line),
		cmocka_unit_test(a_request_is_rows_of_place_and_value),
		cmocka_unit_test(what_waits_for_its_next_attempt_is_held_up_to_a_bound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
