/* tests/fuzz/api_script.h
 *
 * Rules that call the functions of rules with values that nobody expects, made from bytes: the same bytes,
 * the same rules.
 */
#pragma once

#include "base/buf.h"

struct bytes {
	const uint8_t *p;
	size_t n;
};

enum { API_RULES = 6 };

static inline unsigned take_byte(struct bytes *bytes)
{
	if (!bytes->n)
		return 0;
	bytes->n--;
	return *bytes->p++;
}

static inline const char *pick(struct bytes *bytes, const char *const *words, size_t n)
{
	return words[(take_byte(bytes) * 256 + take_byte(bytes)) % n];
}

static inline void put_value(struct buf *out, struct bytes *bytes, int depth)
{
	static const char *const values[] = {
		"nil",
		"true",
		"false",
		"0",
		"1",
		"-1",
		"2",
		"7",
		"255",
		"1 << 31",
		"-(1 << 31)",
		"1 << 62",
		"math.maxinteger",
		"math.mininteger",
		"0.5",
		"-0.0",
		"1e15",
		"1e308",
		"-1e308",
		"0 / 0",
		"1 / 0",
		"''",
		"'x'",
		"'%'",
		"'%b'",
		"'[a-'",
		"'(.-)'",
		"'%s+$'",
		"' \\t\\n'",
		"'\\0'",
		"'\\255\\254'",
		"'\\u{10FFFF}'",
		"'5105550111'",
		"'10m'",
		"'#ani#'",
		"'#ani|default:\\'x\\'#'",
		"'#'",
		"'{\"a\":[1,{}]}'",
		"'[1,'",
		"'https://x.example/'",
		"'services.svc'",
		"'post_call'",
		"'%d %s %q %5.2f'",
		"'i4s2z'",
		"('x'):rep(1000)",
		"('x'):rep(70000)",
		"('ab '):rep(5000)",
		"{}",
		"{ 1, 2, 3 }",
		"{ { 'a', 'b' } }",
		"{ a = 1, b = { 2 } }",
		"{ [1] = 1, [3] = 3 }",
		"{ json = {}, headers = { a = 'b' } }",
		"{ within = '1s' }",
		"print",
		"string.rep",
		"function() end",
		"function(...) return ... end",
		"function(a, b) return a end",
		"call",
		"event",
		"svc",
		"svc.plain",
		"svc.made",
		"json.null",
		"json.array {}",
		"json.array { 1 }",
		"string",
		"table",
		"shared",
		"endless",
		"at_least(1)",
		"absent",
		"call.ani",
		"call.history",
		"call.segments",
		"event.type",
	};
	unsigned kind = take_byte(bytes) % 8;

	if (depth >= 3 || kind < 6) {
		buf_str(out, str_of(pick(bytes, values, countof(values))));
		return;
	}
	buf_str(out, kind == 6 ? STR("{ ") : STR("{ ['"));
	if (kind == 7) {
		static const char *const keys[] = {"json",    "text",   "url",  "name", "method",
						   "params",  "form",   "body", "on",   "run",
						   "headers", "within", "seen", "x"};

		buf_str(out, str_of(pick(bytes, keys, countof(keys))));
		buf_str(out, STR("'] = "));
	}
	put_value(out, bytes, depth + 1);
	buf_str(out, STR(", "));
	put_value(out, bytes, depth + 1);
	buf_str(out, STR(" }"));
}

static inline void put_call(struct buf *out, struct bytes *bytes)
{
	static const char *const functions[] = {
		"string.byte",
		"string.char",
		"string.find",
		"string.format",
		"string.gmatch",
		"string.gsub",
		"string.len",
		"string.lower",
		"string.match",
		"string.pack",
		"string.packsize",
		"string.rep",
		"string.reverse",
		"string.sub",
		"string.unpack",
		"string.upper",
		"table.concat",
		"table.insert",
		"table.move",
		"table.pack",
		"table.remove",
		"table.sort",
		"table.unpack",
		"math.abs",
		"math.ceil",
		"math.floor",
		"math.fmod",
		"math.max",
		"math.min",
		"math.random",
		"math.tointeger",
		"math.type",
		"math.ult",
		"utf8.char",
		"utf8.codepoint",
		"utf8.codes",
		"utf8.len",
		"utf8.offset",
		"text.trim",
		"text.split",
		"text.replace",
		"text.contains",
		"text.starts_with",
		"text.ends_with",
		"text.cut",
		"json.encode",
		"json.decode",
		"json.try_decode",
		"json.array",
		"cjson.encode",
		"cjson.decode",
		"log",
		"print",
		"tostring",
		"tonumber",
		"type",
		"select",
		"next",
		"pairs",
		"ipairs",
		"error",
		"assert",
		"require",
		"wait_for",
		"sleep",
		"skip",
		"clock.now",
		"svc.plain.send",
		"svc.plain.call",
		"svc.plain.try_call",
		"svc.made.send",
		"svc.off.send",
		"call.fill",
		"at_least",
		"at_most",
		"between",
		"matches",
		"not_",
		"absent",
		"present",
		"serves",
		"tags",
		"rule",
		"http.service",
		"(function(...) return #... end)",
		"(function(a, b) return a .. b end)",
		"(function(a, b) return a < b end)",
		"(function(a, b) return a[b] end)",
		"(function(a, b) a[b] = a end)",
		"(function(a) for k, v in pairs(a) do shared[k] = v end end)",
	};
	unsigned n = take_byte(bytes) % 4 + (take_byte(bytes) % 8 == 0 ? 3 : 0);

	buf_str(out, STR("r = "));
	buf_str(out, str_of(pick(bytes, functions, countof(functions))));
	buf_char(out, '(');
	for (unsigned i = 0; i < n; i++) {
		buf_str(out, i ? STR(", ") : STR(""));
		if (take_byte(bytes) % 6 == 0)
			buf_char(out, 'r');
		else
			put_value(out, bytes, 0);
	}
	buf_str(out, STR(")\n"));
}

/* A campaign that serves "/q", with API_RULES rules on post_call. `at_load`: one call is made while it loads.
 */
static inline void put_script(struct buf *out, struct bytes *bytes, bool at_load)
{
	buf_str(out,
		STR("serves '/q'\nlocal svc, cjson = require 'services.svc', require 'cjson'\n"
		    "local r, shared, endless, call, event = nil, {}, {}, {}, {}\nendless[1] = endless\n"));
	if (at_load)
		put_call(out, bytes);
	for (int i = 0; i < API_RULES; i++) {
		buf_printf(out, "rule 'r%d' { on = 'post_call', run = function(call, event)\nlocal r\n", i);
		for (unsigned n = take_byte(bytes) % 3 + 1; n > 0; n--)
			put_call(out, bytes);
		buf_str(out, STR("end }\n"));
	}
}
