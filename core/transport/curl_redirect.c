/* Redirects, for services that ask for them. Curl does not follow them itself: each hop's host is to be
 * looked up by our resolver and checked like the first. */
#include "transport/transport_curl_private.h"

#include <stdio.h>

static bool is_redirect(int status)
{
	return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

static void fail(struct answer *answer, enum failure failure, const char *why)
{
	*answer = (struct answer){.failure = failure};
	snprintf(answer->detail, sizeof answer->detail, "%s", why);
}

/* The absolute URL of the header's value; NULL when it makes none. curl_free() it. */
static char *resolve_location(struct str from, struct str location)
{
	char *url = NULL;
	CURLU *parts = curl_url();
	ensure(parts);
	if (curl_url_set(parts, CURLUPART_URL, from.p, 0) == CURLUE_OK &&
	    curl_url_set(parts, CURLUPART_URL, location.p, 0) == CURLUE_OK &&
	    curl_url_set(parts, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK)
		curl_url_get(parts, CURLUPART_URL, &url, 0);
	curl_url_cleanup(parts);
	return url;
}

static bool same_origin(const struct target *a, const struct target *b)
{
	return a->tls == b->tls && a->port == b->port && str_eq_nocase(a->host, b->host);
}

/* The headers of an answer are terminated by zeros, so the location can be handed to curl. */
bool curl_redirect_follow(struct curl_work *work, struct answer *answer)
{
	const struct exchange *exchange = work->exchange;
	const struct peer_options *peer = exchange->peer;
	struct str location = answer_header(answer, STR("location"));
	struct target own, next;
	if (!peer || !peer->redirects_max || answer->failure != FAILURE_STATUS ||
	    !is_redirect(answer->status) || !location.n)
		return false;
	if (work->n_moves >= peer->redirects_max) {
		char why[80];
		snprintf(why, sizeof why, "more than %d redirects, the last with status %d",
			 peer->redirects_max, answer->status);
		fail(answer, FAILURE_PROTOCOL, why);
		return false;
	}
	char *url =
		resolve_location(work->moved_to ? str_of(work->moved_to) : exchange->request->url, location);
	const char *wrong = url ? target_parse(str_of(url), &next) : "its location is no URL";
	bool downgrade = !wrong && work->target.tls && !next.tls;
	if (wrong || downgrade) {
		fail(answer, downgrade ? FAILURE_REFUSED : FAILURE_PROTOCOL,
		     downgrade
			     ? "a redirect from https to http is not followed"
			     : "a redirect that cannot be followed: its location is no URL of http or https");
		curl_free(url);
		return false;
	}
	ensure(!target_parse(exchange->request->url, &own));
	bool foreign = !same_origin(&own, &next);
	if (foreign && exchange->proof) {
		fail(answer, FAILURE_REFUSED,
		     "a redirect to another host is not followed with a client's proof");
		curl_free(url);
		return false;
	}
	work->foreign = foreign;
	if (answer->status == 303)
		work->only_get = true;
	work->n_moves++;
	free(work->moved_to);
	work->moved_to = mem_strdup(url);
	curl_free(url);
	work->opened = false;
	curl_answer_begin(work);
	return true;
}
