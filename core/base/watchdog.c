#include "base/watchdog.h"

#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

enum {
	LOOK_US = 2000,       /* between two looks while somebody works */
	IDLE_LOOK_US = 50000, /* while nobody has for a while */
	IDLE_LOOKS = 100,     /* how many that is */
	MARK_US = 1000,       /* how old the thread's own reading of its CPU clock may be */
};

/* Written by its thread, read by the watchdog: each field by itself atomic, and `stretch` odd while they
 * belong together. */
struct watch {
	struct watch *next;
	void *watched;
	pthread_t thread;
	clockid_t cpu;

	/* The thread's own. */
	void (*over)(void *context);
	void *context;
	int64_t began_us, mark_at_us; /* wall */
	timer_t alarm;
	enum { ALARM_UNMADE, ALARM_REFUSED, ALARM_OFF, ALARM_ON } alarm_state;

	uint64_t stretch;
	int64_t mark_us; /* CPU at most MARK_US before the stretch began */
	int64_t budget_us;
	uint64_t turn; /* odd: in a turn */

	uint64_t interrupted; /* the stretch that the signal is for */

	/* The watchdog's own. */
	uint64_t seen_stretch, seen_turn;
	int64_t in_turn_us;
	bool told;
};

struct watchdog {
	struct watchdog_options options;
	pthread_t thread;
	sem_t ending;
	struct watch *watches; /* only grows; atomic */
};

static int64_t read_us(clockid_t clock)
{
	struct timespec t = {0};
	clock_gettime(clock, &t);
	return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

#define LOAD(place)         __atomic_load_n(&(place), __ATOMIC_ACQUIRE)
#define STORE(place, value) __atomic_store_n(&(place), (value), __ATOMIC_RELEASE)

/* --- the thread that works --- */

/* The watchdog may have looked just before the stretch was extended. */
static void interrupt(struct watch *watch)
{
	if (read_us(CLOCK_THREAD_CPUTIME_ID) - watch->mark_us > watch->budget_us)
		watch->over(watch->context);
	else
		STORE(watch->interrupted, 0);
}

static void interrupted(int signal, siginfo_t *info, void *unused)
{
	struct watch *watch = info->si_value.sival_ptr;
	int error = errno;
	/* Another SIGURG than ours has no value. */
	if (watch && (watch->stretch & 1)) {
		if (info->si_code == SI_TIMER && watch->alarm_state == ALARM_ON)
			watch->over(watch->context);
		else if (info->si_code == SI_QUEUE && LOAD(watch->interrupted) == watch->stretch)
			interrupt(watch);
	}
	errno = error;
}

struct watch *watchdog_watch(struct watchdog *watchdog, void *watched)
{
	struct watch *watch = mem_zalloc(sizeof *watch);
	watch->watched = watched;
	watch->thread = pthread_self();
	ensure(pthread_getcpuclockid(watch->thread, &watch->cpu) == 0);
	watch->next = LOAD(watchdog->watches);
	while (!__atomic_compare_exchange_n(&watchdog->watches, &watch->next, watch, false, __ATOMIC_ACQ_REL,
					    __ATOMIC_ACQUIRE))
		;
	return watch;
}

void watch_begin(struct watch *watch, int64_t budget_us, void (*over)(void *context), void *context)
{
	watch->began_us = read_us(CLOCK_MONOTONIC);
	/* Reading the CPU clock is a system call; the wall clock is not. */
	if (watch->began_us - watch->mark_at_us > MARK_US) {
		STORE(watch->mark_us, read_us(CLOCK_THREAD_CPUTIME_ID));
		watch->mark_at_us = watch->began_us;
	}
	watch->over = over;
	watch->context = context;
	STORE(watch->budget_us, budget_us);
	STORE(watch->stretch, watch->stretch + 1);
}

static void make_alarm(struct watch *watch)
{
	struct sigevent event = {
		.sigev_notify = SIGEV_THREAD_ID,
		.sigev_signo = SIGURG,
		.sigev_value.sival_ptr = watch,
		._sigev_un._tid = gettid(),
	};
	watch->alarm_state = timer_create(CLOCK_MONOTONIC, &event, &watch->alarm) ? ALARM_REFUSED : ALARM_OFF;
}

static void set_alarm(struct watch *watch, int64_t after_us)
{
	struct itimerspec at = {.it_value = {after_us / 1000000, after_us % 1000000 * 1000}};
	ensure(timer_settime(watch->alarm, 0, &at, NULL) == 0);
}

void watch_alarm(struct watch *watch, int64_t after_us)
{
	if (watch->alarm_state == ALARM_UNMADE)
		make_alarm(watch);
	if (watch->alarm_state == ALARM_REFUSED)
		return;
	watch->alarm_state = ALARM_ON;
	set_alarm(watch, after_us);
}

void watch_extend(struct watch *watch, int64_t budget_us)
{
	STORE(watch->budget_us, budget_us);
	STORE(watch->interrupted, 0);
}

int64_t watch_end(struct watch *watch)
{
	STORE(watch->stretch, watch->stretch + 1);
	/* A signal that is under way arrives at the latest when this returns, between two stretches. */
	if (watch->alarm_state == ALARM_ON) {
		set_alarm(watch, 0);
		watch->alarm_state = ALARM_OFF;
	}
	int64_t now = read_us(CLOCK_MONOTONIC), took = now - watch->began_us;
	if (took <= MARK_US)
		return took;
	int64_t cpu = read_us(CLOCK_THREAD_CPUTIME_ID), used = cpu - watch->mark_us;
	STORE(watch->mark_us, cpu);
	watch->mark_at_us = now;
	return used < took ? used : took;
}

void watch_turn_begin(struct watch *watch)
{
	if (!(watch->turn & 1))
		STORE(watch->turn, watch->turn + 1);
}

void watch_turn_end(struct watch *watch)
{
	if (watch->turn & 1)
		STORE(watch->turn, watch->turn + 1);
}

/* --- the watchdog --- */

/* The one look at which a stretch turns out to be over its time. What was read belongs together if `stretch`
 * is the same before and after; and if it ends right now, the handler sees that. */
static void look_at_stretch(struct watch *watch)
{
	uint64_t stretch = LOAD(watch->stretch);
	if (!(stretch & 1) || stretch == LOAD(watch->interrupted))
		return;
	int64_t mark = LOAD(watch->mark_us), budget = LOAD(watch->budget_us);
	if (LOAD(watch->stretch) != stretch || read_us(watch->cpu) - mark <= budget)
		return;
	STORE(watch->interrupted, stretch);
	pthread_sigqueue(watch->thread, SIGURG, (union sigval){.sival_ptr = watch});
}

static void look_at_turn(struct watchdog *watchdog, struct watch *watch, int64_t since_last_us)
{
	uint64_t turn = LOAD(watch->turn);
	if (turn != watch->seen_turn || !(turn & 1)) {
		watch->seen_turn = turn;
		watch->in_turn_us = 0;
		watch->told = false;
		return;
	}
	watch->in_turn_us += since_last_us;
	if (watch->told || watch->in_turn_us < watchdog->options.stall_ms * 1000)
		return;
	watch->told = true;
	watchdog->options.stalled(watchdog->options.context, watch->watched);
}

/* Returns whether anybody has worked since the last look. */
static bool look(struct watchdog *watchdog, int64_t since_last_us)
{
	bool active = false;
	for (struct watch *watch = LOAD(watchdog->watches); watch; watch = watch->next) {
		uint64_t stretch = LOAD(watch->stretch);
		active |= stretch != watch->seen_stretch || (stretch & 1);
		watch->seen_stretch = stretch;
		look_at_stretch(watch);
		if (watchdog->options.stall_ms)
			look_at_turn(watchdog, watch, since_last_us);
	}
	return active;
}

static void *watch_over(void *context)
{
	struct watchdog *watchdog = context;
	int idle = 0;
	int64_t last = read_us(CLOCK_MONOTONIC);
	pthread_setname_np(pthread_self(), "watchdog");
	for (;;) {
		int64_t wait_us = idle < IDLE_LOOKS ? LOOK_US : IDLE_LOOK_US, until = last + wait_us;
		struct timespec at = {until / 1000000, until % 1000000 * 1000};
		if (sem_clockwait(&watchdog->ending, CLOCK_MONOTONIC, &at) == 0)
			return NULL;
		/* What was longer than asked for, nobody else may have had either. */
		idle = look(watchdog, wait_us) ? 0 : idle + 1;
		last = read_us(CLOCK_MONOTONIC);
	}
}

struct watchdog *watchdog_create(const struct watchdog_options *options)
{
	struct watchdog *watchdog = mem_zalloc(sizeof *watchdog);
	struct sigaction action = {.sa_sigaction = interrupted, .sa_flags = SA_SIGINFO | SA_RESTART};
	if (options)
		watchdog->options = *options;
	sigemptyset(&action.sa_mask);
	ensure(sigaction(SIGURG, &action, NULL) == 0);
	ensure(sem_init(&watchdog->ending, 0, 0) == 0);
	ensure(pthread_create(&watchdog->thread, NULL, watch_over, watchdog) == 0);
	return watchdog;
}

void watchdog_destroy(struct watchdog *watchdog)
{
	if (!watchdog)
		return;
	sem_post(&watchdog->ending);
	pthread_join(watchdog->thread, NULL);
	for (struct watch *watch = watchdog->watches, *next; watch; watch = next) {
		next = watch->next;
		if (watch->alarm_state == ALARM_OFF)
			timer_delete(watch->alarm);
		free(watch);
	}
	sem_destroy(&watchdog->ending);
	free(watchdog);
}
