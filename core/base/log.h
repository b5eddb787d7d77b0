/* core/base/log.h
 *
 * What the program tells its operator while it runs: one line an entry on stderr, logfmt for people or JSON
 * for what collects logs. Only engine, source, api and app log; everything below returns errors. Any thread:
 * an entry is one write(2).
 */
#pragma once

#include "base/base.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARN, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

enum log_form { LOG_LOGFMT, LOG_JSON };

struct log {
	int fd;
	enum log_level level; /* entries above it are dropped */
	enum log_form form;
	bool priorities; /* each line begins with "<3>" and the like, as journald reads it (sd-daemon(3)) */
};

/* A log to this descriptor, in the form that suits it: logfmt on a terminal, JSON elsewhere, with priorities
 * when journald is at the other end. */
struct log log_to(int fd, enum log_level level);

/* Pairs of key and value (both const char *), ended by NULL; a pair with a NULL value is left out. Values are
 * quoted where needed and control characters escaped, so that nothing from outside can forge a line. */
void log_entry(const struct log *log, enum log_level level, const char *what, ...) __attribute__((sentinel));

/* A slice as a value, cut to what a log needs to show. Lives to the end of the block. */
#define LOG_STR(s) log_z((char[LOG_STR_MAX]){0}, (s))
enum { LOG_STR_MAX = 600 };
const char *log_z(char *z, struct str s); /* for LOG_STR; NULL for an absent one */

#define log_error(log, ...) log_entry((log), LOG_LEVEL_ERROR, __VA_ARGS__, NULL)
#define log_warn(log, ...)  log_entry((log), LOG_LEVEL_WARN, __VA_ARGS__, NULL)
#define log_info(log, ...)  log_entry((log), LOG_LEVEL_INFO, __VA_ARGS__, NULL)
#define log_debug(log, ...) log_entry((log), LOG_LEVEL_DEBUG, __VA_ARGS__, NULL)
