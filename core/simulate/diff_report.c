#include "simulate/diff_report.h"

#include "api/json_put.h"

void diff_group_put(struct buf *out, const struct diff_group *group)
{
	buf_char(out, '{');
	put_text(out, "change", str_of(diff_kind_name(group->kind)));
	put_text(out, "campaign", group->campaign);
	put_text(out, "rule", group->rule);
	put_text(out, "service", group->service);
	put_text(out, "place", group->place);
	put_number(out, "count", (int64_t)group->count);
	put_text(out, "from", group->from);
	put_text(out, "to", group->to);
	put_text(out, "event", group->event);
	buf_char(out, '}');
}
