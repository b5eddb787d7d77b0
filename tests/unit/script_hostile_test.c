#include "script_host.h"

#include <time.h>

/* Each is the body of a run; none may do harm, hang, or end otherwise than told. */
static const struct {
	const char *body, *what;
} attacks[] = {
	{"while true do end", "used up its"},
	{"local function f() return f() end f()", "used up its"},
	{"for i = 1, math.huge do local t = { i } end", "used up its"},
	{"local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end", "used up its"},
	{"local s = 'x' while true do s = s .. s end", "used up its"},
	{"local t = {} for i = 1, 1e9 do t[i] = i end", "used up its"},
	{"string.rep('x', 1e15 // 1 | 0)", "over 4 MiB"},
	{"string.rep('', 1 << 60) error 'survived'", "survived"},
	{"string.rep('xx', 1 << 62)", "over 4 MiB"},
	{"string.rep('x', 1 << 40, 'y')", "over 4 MiB"},
	{"local function f() return 1 + f() end f()", "used up its"},
	{"local function f(x) return (('x'):gsub('x', f)) end f('x')", "C stack overflow"},
	{"local t = {} for i = 1, 300 do t = { t } end json.encode(t)", "over 64 levels deep"},
	{"local t = {} t[1] = t t[2] = t json.encode(t)", "over 64 levels deep"},
	{"local t = 'x' for i = 1, 40 do t = { t, t } end json.encode(t)", "over 2097152 bytes"},
	{"json.decode(('['):rep(100000))", "json.decode"},
	{"json.decode('{\"a\":' .. ('['):rep(60) .. ('1'):rep(300) .. (']'):rep(60) .. '}') error 'survived'",
	 "survived"},
	{"(' '):rep(40000):find('%s+$x')", "takes too long"},
	{"('a'):rep(3000):find(('a-'):rep(30) .. 'b')", "takes too long"},
	{"('a'):rep(100000):gsub('a*b', '')", "takes too long"},
	{"('x'):find('[')", "is wrong"},
	{"('x'):find('%')", "is wrong"},
	{"('x'):gsub('x', '%9')", "no capture"},
	{"('x'):gsub('x', '%z')", "needs a digit"},
	{"table.move({}, 1, 1 << 40, 2)", "table.move"},
	{"table.move({}, -(1 << 62), 1 << 62, 2)", "table.move"},
	{"table.unpack({}, 1, 1e8)", "too many results"},
	{"table.concat({}, 'x', 1, 1 << 60)", "invalid value"},
	{"table.sort({ 3, 1, 2, 5, 4 }, function() return true end)", "invalid order function"},
	{"error()", "raised a nil"},
	{"error({})", "raised a table"},
	{"error(function() end)", "raised a function"},
	{"error(call)", "raised a userdata"},
	{"error(('x'):rep(1000000))", "xxxx"},
	{"error('a.lua:99999999999999: x')", "x"},
	{"error('nowhere.lua:7: x')", "nowhere.lua:7: x"},
	{"error(json.null)", "raised a userdata"},
	{"local t = {} t[0/0] = 1", "NaN"},
	{"local a <close> = 1", "non-closable"},
	{"coroutine.wrap(function() end)", "'coroutine' is not part of rules"},
	{"getmetatable('').__index = nil", "'getmetatable'"},
	{"setmetatable({}, {})", "'setmetatable'"},
	{"rawset(string, 'x', 1)", "'rawset'"},
	{"load('return 1')", "'load'"},
	{"collectgarbage()", "'collectgarbage'"},
	{"debug.getregistry()", "'debug'"},
	{"io.open('/etc/passwd')", "'io'"},
	{"os.execute('true')", "'os'"},
	{"package.loadlib('x', 'y')", "'package'"},
	{"xpcall(print, print)", "'xpcall'"},
	{"string.dump(function() end)", "string.dump is not part of rules"},
	{"('x').dump(print)", "string.dump is not part of rules"},
	{"string.find = nil", "cannot be changed"},
	{"json.encode = nil", "cannot be changed"},
	{"_ENV.x = 1", "cannot set the global"},
	{"_G.x = 1", "'_G' is not part of rules"},
	{"raise 'x'", "unknown name 'raise'"},
	{"public.x = 1", "unknown name 'public'"},
	{"step_send(svc.plain)", "unknown name 'step_send'"},
	{"svc.plain.send('x')", "with a colon"},
	{"svc.plain.send(call)", "with a colon"},
	{"call.fill('x', 'y')", "with a colon"},
	{"call.fill(svc.plain, 'y')", "with a colon"},
	{"call[1] = 2", "cannot be changed"},
	{"local x = call[{}]", "tags have names"},
	{"at_least(1).kind.x.y = 1", "there is no string.x"},
	{"local c = at_least(1) c.kind = {} log(c)  error 'survived'", "survived"},
	{"local l = json.array {} l[1] = l json.encode(l)", "over 64 levels deep"},
	{"json.array(at_least(1))", "json.array takes a list"},
	{"log(('x'):rep(1000000), {}, print, nil, call, json.null) error 'survived'", "survived"},
	{"string.format('%s %d', {}, 'x')", "number expected"},
	{"string.format('%p', 'x')", "no %p"},
	{"string.format('%99999d', 1)", "invalid"},
	{"string.format(('%s'):rep(100), 1)", "no value"},
	{"select(-1 << 62, 1)", "out of range"},
	{"utf8.char(1 << 40)", "out of range"},
	{"math.random(2, 1)", "interval is empty"},
	{"wait_for(('x'):rep(1000))", "over"},
	{"sleep(1e300)", "no duration"},
	{"sleep(-1)", "no duration"},
	{"svc.plain:send { json = { [1.5] = 1 } }", "key of type number"},
	{"svc.plain:send { json = { [true] = 1 } }", "key of type boolean"},
	{"local t = {} for i = 1, 30000 do t['k' .. i] = ('v'):rep(50) end svc.plain:send { json = t }",
	 "over"},
	{"local t = {} for i = 1, 60000 do t[i] = { 'k' .. i, 'v' } end svc.plain:send { params = t }",
	 "over"},
	{"svc.plain:send { headers = { a = 'x\\r\\ny: z\\0' } } error 'survived'", "survived"},
	{"for i = 1, 100 do local e = next(call) end", "table expected"},
	{"local n = 0 for k in pairs(call.history) do n = n + 1 end for i = 1, 1e9 do local h = call.history "
	 "end",
	 "used up its"},
	{"table.sort({ 1, 2 }, wait_for)", "wait_for"},
	{"('x'):gsub('.', sleep)", "sleep"},
	{"table.sort({ 1, 2, 3 }, skip)", "skip takes the reason"},
	{"local t = {} for i = 1, 100000 do t[i] = i end for k in pairs(t) do t[k + 1000000] = k end",
	 "used up its"},
};

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void assert_harmless(const char *body, const char *what)
{
	struct fixture fixture;
	static char text[8000];
	double began = seconds();
	enum script_ending ending;

	snprintf(text, sizeof text,
		 "rule 'bad' { on = 'post_call', run = function(call, event)\n%s\nend }\n"
		 "rule 'good' { on = 'post_call', run = function(call) log(call.ani, ('x'):rep(3)) end }",
		 body);
	fixture_rules(&fixture, text);
	ending = fixture_start(&fixture, 0);
	while (ending == SCRIPT_STEP)
		ending = fixture_go(&fixture, &(struct step_result){0});
	assert_failed(&fixture, ending, 0, what, "");
	/* The state goes on. */
	fixture.log.first = NULL;
	fixture.log.last = &fixture.log.first;
	assert_ending(&fixture, fixture_start(&fixture, 1), SCRIPT_DONE);
	assert_str(log_line(&fixture, 0), "5105550111 xxx");
	assert_true(script_state_memory(fixture.state) <= 16 << 20);
	fixture_finish(&fixture);
	if (seconds() - began > 2)
		print_message("# %.1f s: %s\n", seconds() - began, body);
	assert_true(seconds() - began < 20);
}

static void no_run_does_harm(void **state)
{
	for (size_t i = 0; i < countof(attacks); i++) {
		print_message("# %s\n", attacks[i].body);
		assert_harmless(attacks[i].body, attacks[i].what);
	}
}

static void no_script_does_harm_while_it_loads(void **state)
{
	for (size_t i = 0; i < countof(attacks); i++) {
		static char text[8000];
		struct ruleset *ruleset;

		snprintf(text, sizeof text, "serves '/q'\nlocal call, svc, event = {}, { plain = {} }\n%s",
			 attacks[i].body);
		ruleset = load_rules("a.lua", text, NULL);
		ruleset_unref(ruleset);
	}
}

static void a_loop_at_load_is_an_error(void **state)
{
	struct ruleset *ruleset =
		load_rules("a.lua", "serves '/q'\nwhile true do end", "b.lua", "serves '/r'", NULL);

	assert_error(ruleset, "a.lua", 2, "used up its time of 500 ms", "");
	assert_true(find_campaign(ruleset, "b")->loaded);
	ruleset_unref(ruleset);
	ruleset = load_rules("a.lua", "serves '/q'\nlocal t = {} while true do t = { t } end", NULL);
	assert_int_equal(ruleset->n_errors, 1);
	assert_non_null(strstr(ruleset->problems[0].error.what, "used up its memory of 16 MiB"));
	ruleset_unref(ruleset);
}

static void strange_declarations_are_only_errors(void **state)
{
	static const char *const lines[] = {
		"rule(nil)(nil)",
		"rule(7, 7)",
		"rule('x', { on = {}, run = function() end })",
		"rule('x', { on = { {} }, run = function() end })",
		"rule('x', { on = 'post_call', run = print })",
		"rule('x', { on = 'post_call', fire = {} })",
		"rule('x', { on = 'post_call', fire = { {} } })",
		"rule('x', { on = 'post_call', fire = at_least(1) })",
		"rule('x', { on = 'post_call', fire = 7, when = 7, once = 7 })",
		"rule('x', { on = 'post_call', run = function() end, when = { 1 } })",
		"rule('x', { on = 'post_call', run = function() end, when = { ani = between(1) } })",
		"rule('x', { on = 'post_call', run = function() end, when = { ani = at_least(0 / 0) } })",
		"local c = at_least(1) c.kind = 7 rule('x', { on = 'post_call', run = function() end, when = "
		"{ ani = c } })",
		"local c = not_(1) c[1] = c rule('x', { on = 'post_call', run = function() end, when = { ani "
		"= c } })",
		"rule('x', { [{}] = 1, [1.5] = 2, on = 'post_call', run = function() end })",
		"rule(('x'):rep(1000), { on = 'post_call', run = function() end })",
		"serves(7)",
		"serves {}",
		"serves { '' }",
		"serves { {} }",
		"tags { 'a b' }",
		"tags { 1 }",
		"http.service(7)",
		"http.service()",
		"http.service { name = '', url = 'http://x/' }",
		"http.service { name = 'a\\nb', url = 'http://x/' }",
		"http.service { name = ('x'):rep(1000), url = 'http://x/' }",
		"http.service { name = 's', url = 'http://x/', timeout = 0 / 0 }",
		"http.service { name = 's', url = 'http://x/', timeout = -1 }",
		"http.service { name = 's', url = 'http://x/', json = { 0 / 0 } }",
		"local t = {} t.t = t http.service { name = 's', url = 'http://x/', json = t }",
		"http.service { name = 's', url = 'http://x/', json = { [true] = 1 } }",
		"http.service { name = 's', url = 'http://x/', json = ('['):rep(1000) }",
		"http.service { name = 's', url = 'http://x/', json = { a = '#x|nope#' } }",
		"http.service { name = 's', url = 'http://x/', xml = '<a>#x#' }",
		"http.service { name = 's', url = 'http://x/', headers = { { 'a' , {} } } }",
		"http.service { name = 's', url = 'http://x/', headers = { { } } }",
		"http.service { name = 's', url = 'http://x/', headers = { { 'a', 'b', 'c' } } }",
		"http.service { name = 's', url = 'http://x/', params = 7 }",
		"http.service { name = 's', url = 'http://x/', params = { [''] = 7 } }",
		"http.service { name = 's', url = 'nowhere' }",
		"http.service { name = 's', url = 'file:///etc/passwd' }",
		"require()",
		"require(7)",
		"require ''",
		"require '...'",
		"require 'services..svc'",
		"require 'a\\0b'",
		"require(('x'):rep(100000))",
		"library('x', {})",
		"local x = tostring(nil) .. nil",
		"absent.x.y = 1",
		"return setmetatable",
		"goto nowhere",
		"\"",
		"[[",
		"--[[",
		"serves '/a' serves '/b'",
	};

	for (size_t i = 0; i < countof(lines); i++) {
		char text[2000];
		struct ruleset *ruleset;

		snprintf(text, sizeof text, "serves '/q'\n%s", lines[i]);
		ruleset = load_rules("a.lua", text, NULL);
		if (!ruleset->n_errors)
			print_message("# no error: %s\n", lines[i]);
		assert_true(ruleset->n_errors > 0);
		for (size_t j = 0; j < ruleset->n_problems; j++) {
			assert_string_equal(ruleset->problems[j].error.file, "a.lua");
			assert_in_range(ruleset->problems[j].error.line, 1, 3);
		}
		assert_false(find_campaign(ruleset, "a")->loaded);
		ruleset_unref(ruleset);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_run_does_harm),
		cmocka_unit_test(no_script_does_harm_while_it_loads),
		cmocka_unit_test(a_loop_at_load_is_an_error),
		cmocka_unit_test(strange_declarations_are_only_errors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
