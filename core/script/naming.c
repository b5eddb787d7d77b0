/* What a service is called: its group is the module, its key the field of the table that the module returns.
 */
#include "script/load.h"
#include "script/state.h"

#include <stdio.h>

/* "services/crm.lua" is the group crm. */
static struct str group_of(const struct source_file *file)
{
	struct str path = file->path;

	for (size_t i = path.n; i-- > 0;) {
		if (path.p[i] == '/') {
			path = (struct str){path.p + i + 1, path.n - i - 1};
			break;
		}
	}
	path.n -= 4;
	return path;
}

static void name_slot(struct loader *loader, struct slot *slot, struct str key)
{
	struct service *service = slot->service;
	char text[300];

	service->key = loader_copy(loader, key);
	if (!service->name.p && key.n)
		snprintf(text, sizeof text, "%.*s.%.100s",
			 service->group.n < 100 ? (int)service->group.n : 100, service->group.p,
			 service->key.p);
	else if (!service->name.p)
		snprintf(text, sizeof text, STR_FMT, STR_ARG(service->group));
	if (!service->name.p)
		service->name = loader_copy(loader, str_of(text));
	slot->named = true;
}

static struct slot *own_slot(lua_State *L, int index, const struct source_file *file)
{
	struct service_box *box = service_box_get(L, index);

	return box && box->slot && box->slot->file == file && !box->slot->named ? box->slot : NULL;
}

static void name_returned(lua_State *L, struct loader *loader, const struct source_file *file, int index)
{
	struct sandbox *box = &loader->box;
	struct slot *slot = own_slot(L, index, file);
	size_t from, end;

	if (slot)
		name_slot(loader, slot, STR(""));
	if (!lua_istable(L, index))
		return;
	from = sandbox_sort_keys(L, index, NULL);
	end = box->n_keys;
	for (size_t i = from; i < end; i++) {
		struct str key = box->keys[i].s;

		if (!key.p)
			continue;
		lua_pushlstring(L, key.p, key.n);
		lua_rawget(L, index);
		slot = own_slot(L, -1, file);
		if (slot)
			name_slot(loader, slot, key);
		lua_pop(L, 1);
	}
	box->n_keys = from;
}

void name_services(lua_State *L, struct loader *loader, const struct source_file *file, int index)
{
	struct vec *slots = &loader->parts[loader_file_index(loader, file)].slots;

	if (loader->parts[loader_file_index(loader, file)].complete)
		return;
	for (size_t i = 0; i < slots->n; i++)
		((struct slot **)slots->items)[i]->service->group = loader_copy(loader, group_of(file));
	name_returned(L, loader, file, index);
	for (size_t i = 0; i < slots->n; i++) {
		struct slot *slot = ((struct slot **)slots->items)[i];

		if (slot->named)
			continue;
		slot->named = true;
		if (slot->service->name.p || slot->broken)
			continue;
		slot->broken = true;
		problem_hint(loader, &slot->where,
			     "name = \"…\", or a key in the table that the module returns",
			     "the service has no name");
	}
}
