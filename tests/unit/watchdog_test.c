#include "unit.h"

#include "base/watchdog.h"

#include <errno.h>
#include <semaphore.h>
#include <time.h>

static int64_t cpu_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void note(void *context)
{
	__atomic_store_n((bool *)context, true, __ATOMIC_RELEASE);
}

static bool noted(bool *flag)
{
	return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

/* Works until it is told to stop, or for this long. Returns the CPU time that it took. */
static int64_t work(bool *over, int64_t max_us)
{
	int64_t began = cpu_us();
	while (!noted(over) && cpu_us() - began < max_us)
		;
	return cpu_us() - began;
}

static void interrupts_what_is_over_its_time(void **state)
{
	struct watchdog *watchdog = watchdog_create(NULL);
	struct watch *watch = watchdog_watch(watchdog, NULL);
	bool over = false;
	watch_begin(watch, 20000, note, &over);
	int64_t took = work(&over, 5000000);
	assert_true(noted(&over));
	assert_true(took >= 19000);
	int64_t counted = watch_end(watch);
	assert_in_range(counted, took - 1000, took + 20000);
	watchdog_destroy(watchdog);
}

static void leaves_alone_what_is_within_its_time(void **state)
{
	struct watchdog *watchdog = watchdog_create(NULL);
	struct watch *watch = watchdog_watch(watchdog, NULL);
	bool over = false;
	/* Stretches that are long together, and each of them short. */
	for (int i = 0; i < 20; i++) {
		watch_begin(watch, 50000, note, &over);
		work(&over, 10000);
		assert_in_range(watch_end(watch), 9000, 50000);
	}
	assert_false(noted(&over));
	/* Time in which somebody else had the processor does not count. */
	sem_t never;
	struct timespec until;
	sem_init(&never, 0, 0);
	watch_begin(watch, 20000, note, &over);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += 100000000;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	while (sem_timedwait(&never, &until) && errno == EINTR)
		;
	assert_true(watch_end(watch) < 20000);
	assert_false(noted(&over));
	sem_destroy(&never);
	watchdog_destroy(watchdog);
}

static int64_t wall_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* Not when the watchdog looks: of many at least one is as exact as that, however busy the machine. */
static void rings_an_alarm_exactly(void **state)
{
	struct watchdog *watchdog = watchdog_create(NULL);
	struct watch *watch = watchdog_watch(watchdog, NULL);
	int64_t best = INT64_MAX;
	for (int i = 0; i < 100; i++) {
		bool over = false;
		int64_t began = wall_us();
		watch_begin(watch, 5000000, note, &over);
		watch_alarm(watch, 300);
		work(&over, 5000000);
		int64_t took = wall_us() - began;
		assert_true(noted(&over));
		assert_true(took >= 300);
		best = took < best ? took : best;
		watch_end(watch);
	}
	assert_in_range(best, 300, 1000);
	watchdog_destroy(watchdog);
}

static void an_alarm_ends_with_its_stretch(void **state)
{
	struct watchdog *watchdog = watchdog_create(NULL);
	struct watch *watch = watchdog_watch(watchdog, NULL);
	bool first = false, second = false;
	for (int i = 0; i < 50; i++) {
		watch_begin(watch, 5000000, note, &first);
		watch_alarm(watch, 1000);
		watch_end(watch);
		watch_begin(watch, 5000000, note, &second);
		work(&second, 2000);
		watch_end(watch);
	}
	assert_false(noted(&second));
	watchdog_destroy(watchdog);
}

struct stalls {
	sem_t told;
	void *watched;
};

static void tell(void *context, void *watched)
{
	struct stalls *stalls = context;
	stalls->watched = watched;
	sem_post(&stalls->told);
}

static void tells_of_a_turn_that_does_not_end(void **state)
{
	struct stalls stalls = {0};
	struct watchdog_options options = {.stall_ms = 50, .stalled = tell, .context = &stalls};
	sem_init(&stalls.told, 0, 0);
	struct watchdog *watchdog = watchdog_create(&options);
	struct watch *watch = watchdog_watch(watchdog, &options);
	watch_turn_begin(watch);
	assert_int_equal(sem_wait(&stalls.told), 0);
	assert_ptr_equal(stalls.watched, &options);
	watch_turn_end(watch);
	watchdog_destroy(watchdog);
	/* Nobody is told twice of one turn. */
	assert_int_equal(sem_trywait(&stalls.told), -1);
	sem_destroy(&stalls.told);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(interrupts_what_is_over_its_time),
		cmocka_unit_test(leaves_alone_what_is_within_its_time),
		cmocka_unit_test(rings_an_alarm_exactly),
		cmocka_unit_test(an_alarm_ends_with_its_stretch),
		cmocka_unit_test(tells_of_a_turn_that_does_not_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
