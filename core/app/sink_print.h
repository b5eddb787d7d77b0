/* core/app/sink_print.h
 *
 * A request that a sink has received, as text for people or as one JSON object a line.
 */
#pragma once

#include "simulate/answers.h"
#include "source/http_server.h"

#include <stdio.h>

/* Method, path, the headers that say something about the content, the body made readable, and what is
 * answered; every line begins with `indent`. Values of Authorization and Cookie are not shown. */
void sink_print(FILE *out, const char *indent, struct http_request *request,
		const struct scripted_answer *answer);

/* {"at_ms":…,"method":…,"path":…,"query":…,"headers":{…},"body":…}: at_ms counts from 1970 UTC; header names
 * are lower case, several values of one name are joined with ", "; path and query are written with
 * everything percent-encoded that RFC 3986 does not call unreserved. */
void sink_print_json(FILE *out, int64_t at_ms, struct http_request *request);
