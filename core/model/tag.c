#include "model/tag.h"

/* STR() is no constant; these tables are. */
#define WORD(literal)                        \
	{                                    \
		literal, sizeof(literal) - 1 \
	}

/* Sorted by bytes: looked up by halves. */
static const struct str tags[] = {
	WORD("account_id"),
	WORD("address1"),
	WORD("address2"),
	WORD("agent_disposition"),
	WORD("agent_duration"),
	WORD("agent_externid"),
	WORD("agent_first_name"),
	WORD("agent_group_id"),
	WORD("agent_group_name"),
	WORD("agent_id"),
	WORD("agent_last_name"),
	WORD("agent_location"),
	WORD("agent_login_id"),
	WORD("agent_notes"),
	WORD("agent_phone"),
	WORD("agent_team"),
	WORD("agent_username"),
	WORD("agent_wait_time"),
	WORD("agent_wrap_time"),
	WORD("ani"),
	WORD("ani_last4"),
	WORD("ani_npa"),
	WORD("ani_nxx"),
	WORD("ani_state"),
	WORD("aux_data1"),
	WORD("aux_data2"),
	WORD("aux_data3"),
	WORD("aux_data4"),
	WORD("aux_data5"),
	WORD("aux_external_url"),
	WORD("aux_phone"),
	WORD("billing_code"),
	WORD("call_direction"),
	WORD("call_duration"),
	WORD("call_result"),
	WORD("call_start"),
	WORD("call_state"),
	WORD("call_status"),
	WORD("call_type"),
	WORD("caller_id"),
	WORD("campaign_desc"),
	WORD("campaign_id"),
	WORD("campaign_name"),
	WORD("city"),
	WORD("cnam"),
	WORD("country_code"),
	WORD("dequeue_attempts"),
	WORD("dequeue_time"),
	WORD("dial_duration"),
	WORD("dial_group_id"),
	WORD("dial_group_name"),
	WORD("dial_mode"),
	WORD("dial_type"),
	WORD("dnis"),
	WORD("dnis_description"),
	WORD("duration"),
	WORD("email"),
	WORD("enqueue_time"),
	WORD("event_id"),
	WORD("extern_id"),
	WORD("first_name"),
	WORD("gate_desc"),
	WORD("gate_group_id"),
	WORD("gate_id"),
	WORD("gate_keeper"),
	WORD("gate_name"),
	WORD("group_name"),
	WORD("is_complete"),
	WORD("is_contact"),
	WORD("is_long_call"),
	WORD("is_short_abandon"),
	WORD("is_short_call"),
	WORD("is_success"),
	WORD("last_name"),
	WORD("lead_id"),
	WORD("lead_passes"),
	WORD("lead_phone"),
	WORD("lead_state"),
	WORD("lead_timezone"),
	WORD("list_desc"),
	WORD("list_id"),
	WORD("loaded_dts"),
	WORD("mid_name"),
	WORD("next_dial_time"),
	WORD("on_hold"),
	WORD("originating_dnis"),
	WORD("outbound_disposition"),
	WORD("outbound_externid"),
	WORD("pass_disposition"),
	WORD("queue_duration"),
	WORD("queue_id"),
	WORD("recording_bytes"),
	WORD("recording_format"),
	WORD("recording_url"),
	WORD("script_result"),
	WORD("sess_agent_perspective_recording_url"),
	WORD("sess_dial_disposition"),
	WORD("sess_dial_duration"),
	WORD("sess_duration"),
	WORD("sess_on_hold"),
	WORD("sess_phone"),
	WORD("sess_recording_url"),
	WORD("sess_term_party"),
	WORD("sess_term_reason"),
	WORD("sess_transfer_flag"),
	WORD("sess_type"),
	WORD("sess_wait_time"),
	WORD("sess_wrap_time"),
	WORD("session_id"),
	WORD("sessions"),
	WORD("skill_profile_id"),
	WORD("sla_passed"),
	WORD("sla_qualified"),
	WORD("source_type"),
	WORD("state"),
	WORD("suffix"),
	WORD("summary"),
	WORD("term_party"),
	WORD("term_reason"),
	WORD("title"),
	WORD("transfer_dest"),
	WORD("transfer_duration"),
	WORD("transfer_flag"),
	WORD("transfer_type"),
	WORD("uii"),
	WORD("zip"),
};

static const struct str event_types[] = {
	WORD("agent_connect"), WORD("agent_login"),       WORD("agent_logout"),
	WORD("agent_state"),   WORD("agent_termination"), WORD("call_connect"),
	WORD("call_end"),      WORD("call_start"),        WORD("dequeue"),
	WORD("enqueue"),       WORD("ivr_digits"),        WORD("new_chat"),
	WORD("post_call"),     WORD("post_chat"),         WORD("post_disposition"),
	WORD("queue_event"),   WORD("recording_ready"),   WORD("transfer_termination"),
};

const struct str *tag_catalogue(size_t *ret_n)
{
	*ret_n = countof(tags);
	return tags;
}

const struct str *event_type_catalogue(size_t *ret_n)
{
	*ret_n = countof(event_types);
	return event_types;
}

bool tag_is_known(struct str name)
{
	size_t low = 0, high = countof(tags);
	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = str_cmp(name, tags[middle]);
		if (order == 0)
			return true;
		if (order < 0)
			high = middle;
		else
			low = middle + 1;
	}
	return false;
}
