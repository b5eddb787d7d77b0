/* The machine: versions, clock, limits, disk, address. */
#include "app/doctor.h"

#include "app/options.h"
#include "journal/journal.h"
#include "transport/transport_curl.h"

#include <errno.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

enum { FILES_WANTED = 4096, TMPFS_KIND = 0x01021994, NFS_KIND = 0x6969 };

#define FREE_BAD     ((uint64_t)100 << 20)
#define FREE_WARNING ((uint64_t)1 << 30)
#define YEAR_2025    ((time_t)1735689600)

void doctor_versions(struct doctor *doctor)
{
	struct utsname system;
	uname(&system);
	doctor_report(doctor, FINDING_GOOD, "versions", NULL,
		      "switchhook %s, libcurl %s, SQLite %s, Linux %s", VERSION, transport_curl_version(),
		      journal_sqlite_version(), system.release);
}

/* Times of deliveries, waits and expiries are of the wall clock. */
void doctor_clock(struct doctor *doctor)
{
	struct timex state = {0};
	int code = adjtimex(&state);
	if (time(NULL) < YEAR_2025)
		doctor_report(doctor, FINDING_BAD, "clock",
			      "set it, and let systemd-timesyncd or chrony keep it",
			      "it shows a time before 2025");
	else if (code < 0)
		doctor_report(doctor, FINDING_WARNING, "clock", NULL,
			      "the system does not say whether it is kept: %s", strerror(errno));
	else if (code == TIME_ERROR || (state.status & STA_UNSYNC))
		doctor_report(doctor, FINDING_WARNING, "clock",
			      "let systemd-timesyncd or chrony keep it: waits and retries go by it",
			      "nothing keeps it in time");
	else
		doctor_report(doctor, FINDING_GOOD, "clock", NULL, "kept in time, by at most %ld ms",
			      state.maxerror / 1000);
}

void doctor_limits(struct doctor *doctor)
{
	struct rlimit files;
	getrlimit(RLIMIT_NOFILE, &files);
	if (files.rlim_max < FILES_WANTED)
		doctor_report(doctor, FINDING_WARNING, "file limit",
			      "raise LimitNOFILE of the unit, or `ulimit -Hn`",
			      "at most %llu open files; %d are better", (unsigned long long)files.rlim_max,
			      FILES_WANTED);
	else
		doctor_report(doctor, FINDING_GOOD, "file limit", NULL, "%llu open files",
			      (unsigned long long)files.rlim_max);
}

/* --- the data folder --- */

static void look_at_space(struct doctor *doctor, const char *folder)
{
	struct statvfs space;
	if (statvfs(folder, &space)) {
		doctor_report(doctor, FINDING_BAD, "disk", NULL, "'%s' cannot be looked at: %s", folder,
			      strerror(errno));
		return;
	}
	uint64_t left = (uint64_t)space.f_bavail * space.f_frsize;
	unsigned long long mib = left >> 20;
	if (left < FREE_BAD)
		doctor_report(doctor, FINDING_BAD, "disk",
			      "make room: a full disk means that events are refused",
			      "%llu MiB are free for '%s'", mib, folder);
	else if (left < FREE_WARNING)
		doctor_report(
			doctor, FINDING_WARNING, "disk",
			"a journal keeps what came for 30 days, up to 10 GiB, unless it is told otherwise",
			"%llu MiB are free for '%s'", mib, folder);
	else
		doctor_report(doctor, FINDING_GOOD, "disk", NULL, "%llu MiB are free for '%s'", mib, folder);
}

static void look_at_kind(struct doctor *doctor, const char *folder)
{
	struct statfs kind;
	if (statfs(folder, &kind))
		return;
	if (kind.f_type == TMPFS_KIND)
		doctor_report(doctor, FINDING_WARNING, "file system", "put --data on a disk",
			      "'%s' is in memory: the journal is gone after a restart of the machine",
			      folder);
	else if (kind.f_type == NFS_KIND)
		doctor_report(doctor, FINDING_BAD, "file system", "put --data on a disk of this machine",
			      "'%s' is on NFS, whose locks do not protect a journal", folder);
}

static void look_at_rights(struct doctor *doctor, const char *folder, const struct stat *stat)
{
	if (access(folder, R_OK | W_OK | X_OK))
		doctor_report(doctor, FINDING_BAD, "data folder", "give it to the user who runs the engine",
			      "'%s' may not be written: %s", folder, strerror(errno));
	else if (stat->st_mode & (S_IRWXO | S_IWGRP))
		doctor_report(doctor, FINDING_WARNING, "data folder",
			      "chmod 700: it holds what callers and agents said and did",
			      "others may look into '%s' (mode %03o)", folder, stat->st_mode & 0777);
	else
		doctor_report(doctor, FINDING_GOOD, "data folder", NULL,
			      "'%s' may be written, by its owner alone", folder);
}

/* `run` makes the folder, if it may. */
static void look_at_parent(struct doctor *doctor, const char *folder, int code)
{
	char path[PATH_MAX];
	snprintf(path, sizeof path, "%s", folder);
	const char *parent = dirname(path);
	if (code != ENOENT)
		doctor_report(doctor, FINDING_BAD, "data folder", NULL, "'%s': %s", folder, strerror(code));
	else if (access(parent, W_OK | X_OK))
		doctor_report(doctor, FINDING_BAD, "data folder",
			      "make it, and give it to the user who runs the engine",
			      "'%s' is not there, and cannot be made in '%s': %s", folder, parent,
			      strerror(errno));
	else
		doctor_report(doctor, FINDING_GOOD, "data folder", NULL,
			      "'%s' is not there yet; `run` makes it", folder);
	look_at_space(doctor, parent);
}

void doctor_data(struct doctor *doctor)
{
	struct stat stat_of;
	const char *folder = doctor->data;
	if (stat(folder, &stat_of)) {
		look_at_parent(doctor, folder, errno);
		return;
	}
	if (!S_ISDIR(stat_of.st_mode)) {
		doctor_report(doctor, FINDING_BAD, "data folder", NULL, "'%s' is no folder", folder);
		return;
	}
	look_at_rights(doctor, folder, &stat_of);
	look_at_space(doctor, folder);
	look_at_kind(doctor, folder);
}

/* --- the address --- */

static int try_to_listen(const struct listen_address *address)
{
	bool six = strchr(address->address, ':');
	struct sockaddr_in6 to6 = {.sin6_family = AF_INET6, .sin6_port = htons(address->port)};
	struct sockaddr_in to4 = {.sin_family = AF_INET, .sin_port = htons(address->port)};
	inet_pton(AF_INET6, address->address, &to6.sin6_addr);
	inet_pton(AF_INET, address->address, &to4.sin_addr);
	int fd = socket(six ? AF_INET6 : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1, code = 0;
	if (fd < 0)
		return errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (six ? bind(fd, (struct sockaddr *)&to6, sizeof to6)
		: bind(fd, (struct sockaddr *)&to4, sizeof to4))
		code = errno;
	close(fd);
	return code;
}

void doctor_address(struct doctor *doctor)
{
	struct listen_address address;
	struct error error;
	if (listen_address_parse(doctor->listen, &address, &error)) {
		doctor_report(doctor, FINDING_BAD, "address", error.hint, "%s", error.what);
		return;
	}
	int code = try_to_listen(&address);
	if (code == EADDRINUSE)
		doctor_report(doctor, FINDING_WARNING, "address",
			      "if that is the engine, all is well: `switchhook status`",
			      "somebody listens on %s already", doctor->listen);
	else if (code)
		doctor_report(doctor, FINDING_BAD, "address", NULL, "%s: %s", doctor->listen, strerror(code));
	else
		doctor_report(doctor, FINDING_GOOD, "address", NULL, "%s is free", doctor->listen);
}
