/* core/api/console.h
 *
 * The operators' console: pages and assets that are in the program, or come from a folder while somebody
 * works on them. All functions on the main thread.
 */
#pragma once

#include "source/http_server.h"

struct console;

/* Adds its routes: "/", "/ui/" and "/assets/". `web_root` is a folder that console/build.mjs has written,
 * read anew for each request; NULL: what is in the program. */
struct console *console_create(struct http_server *server, const char *web_root);
void console_destroy(struct console *console); /* after the server; NULL is allowed */
