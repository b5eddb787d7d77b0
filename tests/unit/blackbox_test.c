#include "unit.h"

#include "engine/blackbox.h"

#include <stdio.h>
#include <unistd.h>

static char folder[] = "/tmp/switchhook-blackbox-XXXXXX";

static struct blackbox *open_box(void)
{
	struct blackbox *blackbox;
	struct error error;
	if (blackbox_open(folder, &blackbox, &error))
		fail_msg("%s", error.what);
	return blackbox;
}

static const struct event *event_numbered(uint64_t seq, const char *id)
{
	static struct event event;
	event = (struct event){.seq = seq, .id = str_of(id)};
	return &event;
}

static unsigned crashes(const struct blackbox *blackbox, uint64_t seq, const char *id)
{
	return blackbox_suspicion(blackbox, event_numbered(seq, id)).crashes;
}

/* A process that works on the event and then dies, with somebody to blame or not. */
static void die_working_on(uint64_t seq, const char *id, bool blamed)
{
	struct blackbox *blackbox = open_box();
	blackbox_work(blackbox, 3, event_numbered(seq, id), STR("campaign"), STR("rule"));
	if (blamed)
		blackbox_blame(blackbox, 3);
	blackbox_close(blackbox);
}

static void counts_what_was_worked_on_when_somebody_blamed_it(void **state)
{
	die_working_on(7, "a", true);
	die_working_on(8, "b", false);
	die_working_on(7, "a", true);
	struct blackbox *blackbox = open_box();
	struct suspicion suspicion = blackbox_suspicion(blackbox, event_numbered(7, "a"));
	assert_int_equal(suspicion.crashes, 2);
	assert_str(suspicion.campaign, "campaign");
	assert_str(suspicion.rule, "rule");
	assert_int_equal(crashes(blackbox, 8, "b"), 0);
	/* The same number in a journal that was begun anew is another event. */
	assert_int_equal(crashes(blackbox, 7, "c"), 0);
	blackbox_close(blackbox);
}

static void blames_nobody_who_had_finished(void **state)
{
	struct blackbox *blackbox = open_box();
	blackbox_work(blackbox, 0, event_numbered(20, "x"), (struct str){0}, (struct str){0});
	blackbox_work(blackbox, 0, NULL, (struct str){0}, (struct str){0});
	blackbox_blame(blackbox, 0);
	blackbox_close(blackbox);
	blackbox = open_box();
	assert_int_equal(crashes(blackbox, 20, "x"), 0);
	blackbox_close(blackbox);
}

static void blames_the_shard_of_the_calling_thread(void **state)
{
	struct blackbox *blackbox = open_box();
	blackbox_shard(blackbox, 1);
	blackbox_work(blackbox, 1, event_numbered(30, "mine"), STR("c"), STR("r"));
	blackbox_work(blackbox, 2, event_numbered(31, "other"), STR("c"), STR("r"));
	blackbox_blame_thread(blackbox);
	blackbox_close(blackbox);
	blackbox = open_box();
	assert_int_equal(crashes(blackbox, 30, "mine"), 1);
	assert_int_equal(crashes(blackbox, 31, "other"), 0);
	blackbox_close(blackbox);
}

static void forgets_the_oldest_when_there_are_too_many(void **state)
{
	for (uint64_t seq = 100; seq < 200; seq++)
		die_working_on(seq, "many", true);
	struct blackbox *blackbox = open_box();
	assert_int_equal(crashes(blackbox, 100, "many"), 0);
	assert_int_equal(crashes(blackbox, 199, "many"), 1);
	blackbox_close(blackbox);
}

static void begins_anew_with_a_file_that_is_none(void **state)
{
	char path[256];
	snprintf(path, sizeof path, "%s/inflight", folder);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	for (int i = 0; i < 1000; i++)
		fputs("rubbish", file);
	fclose(file);
	struct blackbox *blackbox = open_box();
	assert_int_equal(crashes(blackbox, 7, "a"), 0);
	blackbox_close(blackbox);
}

static void says_when_there_is_no_folder(void **state)
{
	struct blackbox *blackbox;
	struct error error;
	assert_int_equal(blackbox_open("/nowhere/at/all", &blackbox, &error), -1);
	assert_string_equal(error.what, "cannot use '/nowhere/at/all/inflight': No such file or directory");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(counts_what_was_worked_on_when_somebody_blamed_it),
		cmocka_unit_test(blames_nobody_who_had_finished),
		cmocka_unit_test(blames_the_shard_of_the_calling_thread),
		cmocka_unit_test(forgets_the_oldest_when_there_are_too_many),
		cmocka_unit_test(begins_anew_with_a_file_that_is_none),
		cmocka_unit_test(says_when_there_is_no_folder),
	};
	ensure(mkdtemp(folder));
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	char path[256];
	snprintf(path, sizeof path, "%s/inflight", folder);
	unlink(path);
	rmdir(folder);
	return failed;
}
