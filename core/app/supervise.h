/* core/app/supervise.h
 *
 * The engine in a process of its own, started again when it crashes: for machines without systemd or the
 * like.
 */
#pragma once

#include "base/log.h"

/* Returns in the engine's process with SUPERVISED. In the first process it stays until the engine has ended
 * by itself, and returns the code to end with. SIGTERM, SIGINT and SIGHUP are passed on. Before any thread is
 * made. */
enum { SUPERVISED = -1 };

int supervise(const struct log *log);
