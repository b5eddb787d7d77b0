/* core/simulate/answers.h
 *
 * Scripted answers: the file of `--answers`, a JSON array of which the first entry that fits wins. A sink and
 * a simulation read the same file.
 *
 *   [{"service": "CRM orders", "method": "POST", "path": "/crm/orders", "status": 201, "headers": {"x-id":
 * "7"}, "body": {"OrderId": "SO-55120"}, "delay_ms": 40, "times": 1},
 *    {"service": "crm", "error": "timeout"}]
 *
 * Every key is optional; an entry fits when all that it names does. `service` is a service's name, or a
 * group; `path` fits the paths that begin with it; `times` uses an entry up; a body that is no string is sent
 * as JSON. `error` is "timeout" (no answer comes), "reset" (the connection breaks), "refused", "dns" or
 * "tls". A sink knows no services, and passes over an entry that names one and no path. One thread.
 */
#pragma once

#include "base/arena.h"
#include "base/error.h"
#include "model/request.h"
#include "model/value.h"

enum answer_error {
	ANSWER_GIVEN,
	ANSWER_TIMEOUT,
	ANSWER_RESET,
	ANSWER_REFUSED,
	ANSWER_DNS,
	ANSWER_TLS,
};

struct scripted_answer {
	struct str service, operation, method, path; /* p == NULL: any */
	enum answer_error error;
	int status;
	const struct header *headers;
	size_t n_headers;
	struct str body;
	int64_t delay_ms;
	int64_t times; /* as written; -1: without end */
	int64_t left;
	const struct value *output; /* the body, when it is a JSON value and no string; else NULL */
};

struct answers {
	struct arena arena;
	struct scripted_answer *entries;
	size_t n;
};

/* No entries: nothing fits. */
void answers_init(struct answers *answers);
void answers_finish(struct answers *answers);

/* `text` is the file's content, `file` its name for errors. On failure `answers` holds no entries. */
int answers_parse(struct answers *answers, struct str text, const char *file, struct error *reterr);
int answers_read(struct answers *answers, const char *file, struct error *reterr);

/* One more entry, behind the others: its JSON object. */
int answers_add(struct answers *answers, struct str entry, struct error *reterr);

/* Nothing is used up any more. */
void answers_rewind(struct answers *answers);

/* Can a sink do all of this? What a service that listens cannot do, it cannot either. */
int answers_fit_sink(const struct answers *answers, const char *file, struct error *reterr);

/* What is asked, as far as the asker knows it. */
struct answer_key {
	struct str service, group, operation; /* p == NULL: not known; entries for others do not fit */
	struct str method, path;
};

/* The entry for this, one of its times used up; NULL: none fits, which means 200 with no body. */
const struct scripted_answer *answers_take(struct answers *answers, const struct answer_key *key);
