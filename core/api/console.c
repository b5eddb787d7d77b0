#include "api/console.h"

#include "api/console_assets.h"
#include "base/read_file.h"

#include <stdio.h>
#include <zlib.h>

enum { PLAIN_MAX = 8 << 20, NAME_MAX_BYTES = 100 };

struct console {
	char *web_root; /* NULL: what is in the program */
};

/* Nothing from elsewhere, nothing inline, no markup from text; and nobody may put it into a frame. */
#define POLICY                                                                                              \
	"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' "      \
	"data:; "                                                                                           \
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; " \
	"trusted-types 'none'"

static const char *type_of(struct str name)
{
	if (str_ends(name, STR(".js")))
		return "text/javascript; charset=utf-8";
	if (str_ends(name, STR(".css")))
		return "text/css; charset=utf-8";
	return str_ends(name, STR(".svg")) ? "image/svg+xml" : "text/html; charset=utf-8";
}

/* --- where the bytes come from --- */

/* Names as build.mjs gives them: nothing that leads elsewhere. */
static bool is_name(struct str name)
{
	if (!name.n || name.n > NAME_MAX_BYTES || name.p[0] == '.')
		return false;
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];
		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') &&
		    c != '.' && c != '-' && c != '_')
			return false;
	}
	return true;
}

static bool find_built_in(struct str name, struct buf *out)
{
	for (size_t i = 0; i < console_n_assets; i++) {
		if (!str_eq(name, str_of(console_assets[i].name)))
			continue;
		buf_str(out, console_assets[i].packed);
		return true;
	}
	return false;
}

static bool find_packed(const struct console *console, struct str name, struct buf *out)
{
	char path[4096];
	struct error error;
	if (!is_name(name))
		return false;
	if (!console->web_root)
		return find_built_in(name, out);
	snprintf(path, sizeof path, "%s/" STR_FMT ".gz", console->web_root, STR_ARG(name));
	return read_file(path, out, &error) == 0;
}

/* --- how they go out --- */

static bool takes_gzip(const struct http_request *request)
{
	struct str accepts = http_request_header(request, "accept-encoding");
	return accepts.n && memmem(accepts.p, accepts.n, "gzip", 4);
}

/* For a reader that cannot: what we packed ourselves. */
static bool unpack(struct str packed, struct buf *out)
{
	z_stream stream = {.next_in = (Bytef *)(uintptr_t)packed.p, .avail_in = (uInt)packed.n};
	int code = inflateInit2(&stream, 16 + MAX_WBITS);
	while (code == Z_OK && buf_reserve(out, 64 * 1024)) {
		stream.next_out = (Bytef *)out->p + out->n;
		stream.avail_out = 64 * 1024;
		code = inflate(&stream, Z_NO_FLUSH);
		out->n += 64 * 1024 - stream.avail_out;
	}
	inflateEnd(&stream);
	return code == Z_STREAM_END;
}

static void respond(struct http_request *request, struct str name, struct str packed)
{
	bool is_page = str_eq(name, STR("index.html"));
	/* The names of assets change with their content. */
	const char *keep = is_page ? "no-cache" : "public, max-age=31536000, immutable";
	struct header headers[] = {
		{STR("Content-Type"), str_of(type_of(name))},
		{STR("Cache-Control"), str_of(keep)},
		{STR("Vary"), STR("Accept-Encoding")},
		{STR("X-Content-Type-Options"), STR("nosniff")},
		{STR("Referrer-Policy"), STR("no-referrer")},
		{STR("Cross-Origin-Opener-Policy"), STR("same-origin")},
		{STR("Cross-Origin-Resource-Policy"), STR("same-origin")},
		{STR("Content-Security-Policy"), STR(POLICY)},
		{STR("Content-Encoding"), STR("gzip")},
	};
	struct buf plain;
	if (takes_gzip(request)) {
		http_respond(request, 200, headers, countof(headers), packed);
		return;
	}
	buf_init(&plain, PLAIN_MAX);
	ensure(unpack(packed, &plain));
	http_respond(request, 200, headers, countof(headers) - 1, buf_view(&plain));
	buf_finish(&plain);
}

static void serve(const struct console *console, struct http_request *request, struct str name)
{
	struct buf packed;
	struct error error;
	buf_init(&packed, PLAIN_MAX);
	if (find_packed(console, name, &packed)) {
		respond(request, name, buf_view(&packed));
	} else if (!console->web_root && !console_n_assets) {
		error_set(&error, "this program was built without its console");
		error_hint(&error, "./quickstart builds it in, when npm and its registry can be reached");
		http_respond_problem(request, 404, &error, 0);
	} else {
		error_set(&error, "nothing is at this path");
		http_respond_problem(request, 404, &error, 0);
	}
	buf_finish(&packed);
}

/* Every page is the same document, which looks at its address. */
static void on_page(void *context, struct http_request *request)
{
	serve(context, request, STR("index.html"));
}

static void on_asset(void *context, struct http_request *request)
{
	struct str path = http_request_path(request);
	size_t skip = sizeof "/assets/" - 1;
	serve(context, request, (struct str){path.p + skip, path.n - skip});
}

struct console *console_create(struct http_server *server, const char *web_root)
{
	struct console *console = mem_zalloc(sizeof *console);
	console->web_root = web_root ? mem_strdup(web_root) : NULL;
	http_server_route(server, "GET", "/", on_page, console);
	http_server_route(server, "GET", "/ui/*", on_page, console);
	http_server_route(server, "GET", "/assets/*", on_asset, console);
	return console;
}

void console_destroy(struct console *console)
{
	if (!console)
		return;
	free(console->web_root);
	free(console);
}
