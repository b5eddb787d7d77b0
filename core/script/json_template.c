/* A Lua table as the JSON body of a service: one template, made once. */
#include "script/load.h"
#include "script/lua_value.h"

#include "format/template.h"

/* What was written since the last string goes to the builder as it is. */
static void flush(struct template_builder *builder, struct buf *out)
{
	template_builder_text(builder, buf_view(out));
	buf_clear(out);
}

static int add_string(struct json_writer *writer, struct str s, struct error *reterr)
{
	struct template_builder *builder = writer->context;

	flush(builder, writer->out);
	return template_builder_json_string(builder, s, reterr);
}

int load_json_table(lua_State *L, struct loader *loader, const struct where *where, struct template *ret)
{
	struct buf *out = sandbox_text(&loader->box);
	struct json_writer writer = {
		.out = out, .pairs = true, .string = add_string, .context = &loader->builder};
	struct where at = *where;
	struct error error;
	int failed;

	template_builder_finish(&loader->builder);
	template_builder_init(&loader->builder, loader->arena);
	error_set(&error, "the JSON is over 1 MiB");
	failed = json_write_lua(L, -1, &writer, &error);
	if (!failed) {
		flush(&loader->builder, out);
		failed = template_builder_done(&loader->builder, ret);
	}
	if (!failed)
		return 0;
	for (int i = 0; i < writer.depth; i++)
		at = writer.path[i].key.p ? where_key(&at, writer.path[i].key)
					  : where_index(&at, writer.path[i].index);
	error_prefix(&error, "json");
	problem_add_in_text(loader, &at, &error);
	return -1;
}
