#include "app/supervise.h"

#include "base/base.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum {
	FIRST_PAUSE_MS = 100,
	LONGEST_PAUSE_MS = 10000,
	HEALTHY_S = 60, /* an engine that ran for so long has not crashed in a loop */
};

struct supervisor {
	const struct log *log;
	sigset_t signals;
	pid_t engine;
	bool stopping;
};

static int64_t seconds_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec;
}

/* In the engine's process: it is told when this one dies. */
static void become_engine(pid_t supervisor)
{
	sigset_t none;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != supervisor)
		_exit(1);
}

/* What the terminal sends, it sends to both. */
static void pass_on(struct supervisor *supervisor, const siginfo_t *info)
{
	supervisor->stopping |= info->si_signo != SIGHUP;
	if (info->si_code != SI_KERNEL && supervisor->engine > 0)
		kill(supervisor->engine, info->si_signo);
}

/* Until the engine has ended. */
static int wait_for_engine(struct supervisor *supervisor)
{
	for (;;) {
		siginfo_t info;
		int status;
		if (waitpid(supervisor->engine, &status, WNOHANG) == supervisor->engine) {
			supervisor->engine = 0;
			return status;
		}
		if (sigwaitinfo(&supervisor->signals, &info) > 0 && info.si_signo != SIGCHLD)
			pass_on(supervisor, &info);
	}
}

/* False if it was told to stop meanwhile. */
static bool pause_ms(struct supervisor *supervisor, int64_t ms)
{
	struct timespec left = {ms / 1000, ms % 1000 * 1000000};
	siginfo_t info;
	int signal = sigtimedwait(&supervisor->signals, &info, &left);
	if (signal > 0 && signal != SIGCHLD)
		pass_on(supervisor, &info);
	return !supervisor->stopping;
}

static void say_crashed(const struct supervisor *supervisor, int status, int64_t next_ms)
{
	char next[32];
	snprintf(next, sizeof next, "%lld ms", (long long)next_ms);
	log_error(supervisor->log, "the engine crashed, and is started again", "signal",
		  strsignal(WTERMSIG(status)), "core", WCOREDUMP(status) ? "written" : "none", "in", next);
}

int supervise(const struct log *log)
{
	struct supervisor supervisor = {.log = log};
	pid_t self = getpid();
	int64_t next_ms = FIRST_PAUSE_MS;
	sigemptyset(&supervisor.signals);
	sigaddset(&supervisor.signals, SIGTERM);
	sigaddset(&supervisor.signals, SIGINT);
	sigaddset(&supervisor.signals, SIGHUP);
	sigaddset(&supervisor.signals, SIGCHLD);
	sigprocmask(SIG_BLOCK, &supervisor.signals, NULL);
	for (;;) {
		int64_t began = seconds_now();
		supervisor.engine = fork();
		if (supervisor.engine == 0) {
			become_engine(self);
			return SUPERVISED;
		}
		if (supervisor.engine < 0) {
			log_error(log, "the engine cannot be started", "error", strerror(errno));
			return 1;
		}
		int status = wait_for_engine(&supervisor);
		if (WIFEXITED(status))
			return WEXITSTATUS(status);
		if (supervisor.stopping)
			return 128 + WTERMSIG(status);
		if (seconds_now() - began >= HEALTHY_S)
			next_ms = FIRST_PAUSE_MS;
		say_crashed(&supervisor, status, next_ms);
		if (!pause_ms(&supervisor, next_ms))
			return 0;
		next_ms = 2 * next_ms < LONGEST_PAUSE_MS ? 2 * next_ms : LONGEST_PAUSE_MS;
	}
}
