/* Which tags come with which events. */
#include "model/tag.h"

/* STR() is no constant; these tables are. */
#define WORD(literal)                        \
	{                                    \
		literal, sizeof(literal) - 1 \
	}

static const struct str call_tags[] = {
	WORD("uii"),
	WORD("account_id"),
	WORD("call_type"),
	WORD("call_direction"),
	WORD("ani"),
	WORD("ani_npa"),
	WORD("ani_nxx"),
	WORD("ani_last4"),
	WORD("ani_state"),
	WORD("dnis"),
	WORD("originating_dnis"),
	WORD("dnis_description"),
	WORD("caller_id"),
	WORD("call_start"),
	WORD("call_duration"),
	WORD("duration"),
	WORD("enqueue_time"),
	WORD("dequeue_time"),
	WORD("queue_duration"),
	WORD("dequeue_attempts"),
	WORD("call_state"),
	WORD("call_result"),
	WORD("call_status"),
	WORD("source_type"),
	WORD("term_party"),
	WORD("term_reason"),
	WORD("is_short_call"),
	WORD("is_long_call"),
	WORD("is_short_abandon"),
	WORD("sla_qualified"),
	WORD("sla_passed"),
	WORD("billing_code"),
	WORD("cnam"),
	WORD("summary"),
	WORD("event_id"),
	WORD("session_id"),
};

static const struct str queue_tags[] = {
	WORD("gate_id"),       WORD("gate_name"),  WORD("gate_desc"),
	WORD("gate_group_id"), WORD("group_name"), WORD("queue_id"),
};

static const struct str campaign_tags[] = {
	WORD("campaign_id"),       WORD("campaign_name"),    WORD("campaign_desc"),
	WORD("dial_group_id"),     WORD("dial_group_name"),  WORD("dial_mode"),
	WORD("dial_type"),         WORD("dial_duration"),    WORD("list_id"),
	WORD("list_desc"),         WORD("pass_disposition"), WORD("outbound_disposition"),
	WORD("outbound_externid"),
};

static const struct str agent_tags[] = {
	WORD("agent_id"),        WORD("agent_username"),  WORD("agent_first_name"),  WORD("agent_last_name"),
	WORD("agent_externid"),  WORD("agent_phone"),     WORD("agent_team"),        WORD("agent_location"),
	WORD("agent_login_id"),  WORD("agent_group_id"),  WORD("agent_group_name"),  WORD("agent_duration"),
	WORD("agent_wait_time"), WORD("agent_wrap_time"), WORD("agent_disposition"), WORD("agent_notes"),
	WORD("is_success"),      WORD("is_complete"),     WORD("is_contact"),        WORD("skill_profile_id"),
};

static const struct str segment_tags[] = {
	WORD("session_id"),
	WORD("sess_duration"),
	WORD("sess_type"),
	WORD("sess_on_hold"),
	WORD("sess_wrap_time"),
	WORD("sess_wait_time"),
	WORD("sess_dial_duration"),
	WORD("sess_dial_disposition"),
	WORD("sess_term_party"),
	WORD("sess_term_reason"),
	WORD("sess_transfer_flag"),
	WORD("sess_phone"),
	WORD("sess_recording_url"),
	WORD("sess_agent_perspective_recording_url"),
	WORD("transfer_flag"),
	WORD("transfer_dest"),
	WORD("transfer_type"),
	WORD("transfer_duration"),
	WORD("on_hold"),
};

static const struct str recording_tags[] = {
	WORD("recording_url"),
	WORD("recording_format"),
	WORD("recording_bytes"),
};

static const struct str lead_tags[] = {
	WORD("lead_id"),
	WORD("extern_id"),
	WORD("lead_phone"),
	WORD("lead_state"),
	WORD("lead_timezone"),
	WORD("lead_passes"),
	WORD("title"),
	WORD("first_name"),
	WORD("mid_name"),
	WORD("last_name"),
	WORD("suffix"),
	WORD("address1"),
	WORD("address2"),
	WORD("city"),
	WORD("state"),
	WORD("zip"),
	WORD("email"),
	WORD("gate_keeper"),
	WORD("aux_data1"),
	WORD("aux_data2"),
	WORD("aux_data3"),
	WORD("aux_data4"),
	WORD("aux_data5"),
	WORD("aux_phone"),
	WORD("aux_external_url"),
	WORD("next_dial_time"),
	WORD("loaded_dts"),
	WORD("country_code"),
};

static const struct str script_tags[] = {
	WORD("script_result"),
	WORD("sessions"),
};

/* What an event that is no call has beside its agent. */
static const struct str session_tags[] = {WORD("uii"), WORD("account_id"), WORD("event_id"),
					  WORD("session_id"), WORD("call_state")};

static const struct group {
	const struct str *tags;
	size_t n;
} groups[] = {
	{call_tags, countof(call_tags)},         {queue_tags, countof(queue_tags)},
	{campaign_tags, countof(campaign_tags)}, {agent_tags, countof(agent_tags)},
	{segment_tags, countof(segment_tags)},   {recording_tags, countof(recording_tags)},
	{lead_tags, countof(lead_tags)},         {script_tags, countof(script_tags)},
	{session_tags, countof(session_tags)},
};

enum {
	CALL = 1 << 0,
	QUEUE = 1 << 1,
	CAMPAIGN = 1 << 2,
	AGENT = 1 << 3,
	SEGMENT = 1 << 4,
	RECORDING = 1 << 5,
	LEAD = 1 << 6,
	SCRIPT = 1 << 7,
	SESSION = 1 << 8,
	CONTACT = CALL | QUEUE | CAMPAIGN | LEAD | AGENT | SEGMENT,
};

static const struct {
	struct str type;
	unsigned groups;
} carried[] = {
	{WORD("agent_connect"), CONTACT},
	{WORD("agent_login"), AGENT | SESSION},
	{WORD("agent_logout"), AGENT | SESSION},
	{WORD("agent_state"), AGENT | SESSION},
	{WORD("agent_termination"), CONTACT | RECORDING | SCRIPT},
	{WORD("call_connect"), CALL},
	{WORD("call_end"), CALL | RECORDING},
	{WORD("call_start"), CALL},
	{WORD("dequeue"), CALL | QUEUE | AGENT | LEAD},
	{WORD("enqueue"), CALL | QUEUE | LEAD},
	{WORD("ivr_digits"), CALL | QUEUE | LEAD},
	{WORD("new_chat"), CALL | QUEUE | LEAD},
	{WORD("post_call"), CONTACT | RECORDING | SCRIPT},
	{WORD("post_chat"), CALL | QUEUE | AGENT | LEAD | SCRIPT},
	{WORD("post_disposition"), CONTACT | RECORDING | SCRIPT},
	{WORD("queue_event"), CALL | QUEUE | LEAD},
	{WORD("recording_ready"), CONTACT | RECORDING},
	{WORD("transfer_termination"), CONTACT | RECORDING},
};

static bool group_has(const struct group *group, struct str tag)
{
	for (size_t i = 0; i < group->n; i++)
		if (str_eq(group->tags[i], tag))
			return true;
	return false;
}

static bool groups_have(unsigned which, struct str tag)
{
	for (size_t i = 0; i < countof(groups); i++)
		if (which & 1U << i && group_has(&groups[i], tag))
			return true;
	return false;
}

bool event_type_carries(struct str type, struct str tag)
{
	for (size_t i = 0; i < countof(carried); i++)
		if (str_eq(carried[i].type, type))
			return groups_have(carried[i].groups, tag);
	return true;
}
