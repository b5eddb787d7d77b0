#include "source/http_private.h"

void http_server_route(struct http_server *server, const char *method, const char *path, http_handler handler,
		       void *context)
{
	ensure(server->n_routes < HTTP_ROUTES_MAX);
	struct str s = str_of(path);
	bool below = str_ends(s, STR("/*"));
	if (below)
		s.n--;
	server->routes[server->n_routes++] = (struct http_route){
		.method = str_of(method), .path = s, .below = below, .handler = handler, .context = context};
}

static bool route_has_path(const struct http_route *route, struct str path)
{
	if (route->below)
		return path.n > route->path.n && str_starts(path, route->path);
	return str_eq(path, route->path);
}

static bool route_has_method(const struct http_route *route, struct str method)
{
	if (str_eq(route->method, STR("*")) || str_eq(route->method, method))
		return true;
	return str_eq(route->method, STR("GET")) && str_eq(method, STR("HEAD"));
}

static bool route_is_closer(const struct http_route *a, const struct http_route *b)
{
	if (!b || a->below != b->below)
		return !b || !a->below;
	return a->path.n > b->path.n;
}

static const struct http_route *find_route(const struct http_server *server, struct str path,
					   struct str method)
{
	const struct http_route *best = NULL;
	for (size_t i = 0; i < server->n_routes; i++) {
		const struct http_route *route = &server->routes[i];
		if (route_has_path(route, path) && (!method.p || route_has_method(route, method)) &&
		    route_is_closer(route, best))
			best = route;
	}
	return best;
}

static bool is_known_method(struct str method)
{
	static const struct str known[] = {{"GET", 3},     {"HEAD", 4},   {"POST", 4},
					   {"PUT", 3},     {"DELETE", 6}, {"CONNECT", 7},
					   {"OPTIONS", 7}, {"TRACE", 5},  {"PATCH", 5}};
	for (size_t i = 0; i < countof(known); i++)
		if (str_eq(method, known[i]))
			return true;
	return false;
}

static void list_methods(const struct http_server *server, struct str path, struct buf *out)
{
	for (size_t i = 0; i < server->n_routes; i++) {
		const struct http_route *route = &server->routes[i];
		if (!route_has_path(route, path))
			continue;
		buf_str(out, out->n ? STR(", ") : STR(""));
		buf_str(out, route->method);
		if (str_eq(route->method, STR("GET")))
			buf_str(out, STR(", HEAD"));
	}
}

static void refuse_method(struct http_request *request)
{
	struct error error;
	struct buf allow, body;
	buf_init(&allow, 512);
	buf_init(&body, 1024);
	list_methods(request->server, request->path, &allow);
	error_set(&error, "this path takes %s", buf_z(&allow));
	http_problem(&body, 405, &error);
	struct header headers[] = {{STR("Content-Type"), STR("application/problem+json")},
				   {STR("Allow"), str_of(buf_z(&allow))}};
	http_respond(request, 405, headers, countof(headers), buf_view(&body));
	buf_finish(&allow);
	buf_finish(&body);
}

void http_server_guard(struct http_server *server, bool (*guard)(void *context, struct http_request *request),
		       void *context)
{
	server->guard = guard;
	server->guard_context = context;
}

void http_server_access(struct http_server *server,
			int (*access)(void *context, const struct http_request *request, bool whole,
				      struct http_refusal *refusal),
			void *context)
{
	server->access = access;
	server->access_context = context;
}

bool http_is_refused(struct http_request *request, bool whole)
{
	struct http_server *server = request->server;
	struct http_refusal refusal = {0};
	if (!server->access || server->access(server->access_context, request, whole, &refusal) == 0)
		return false;
	request->state = HTTP_HANDLING;
	http_respond_problem(request, refusal.status, &refusal.error, refusal.retry_after_s);
	return true;
}

void http_dispatch(struct http_request *request)
{
	const struct http_server *server = request->server;
	if (http_is_refused(request, true))
		return;
	if (server->guard && server->guard(server->guard_context, request))
		return;
	const struct http_route *route = find_route(request->server, request->path, request->method);
	struct error error;
	if (route) {
		route->handler(route->context, request);
	} else if (!is_known_method(request->method)) {
		error_set(&error, "a method that nobody knows");
		http_respond_problem(request, 501, &error, 0);
	} else if (find_route(request->server, request->path, (struct str){0})) {
		refuse_method(request);
	} else {
		error_set(&error, "nothing is at this path");
		http_respond_problem(request, 404, &error, 0);
	}
}
