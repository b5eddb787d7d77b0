/* Events for the tests of templates and requests: one as a caller's hang-up gives it, and any other. */
#pragma once

#include "unit.h"

#include "format/json.h"
#include "model/event.h"

/* An event whose data is this JSON object. */
static inline struct event *event_with(const char *data)
{
	struct event *event = event_create(16 << 20);
	struct error error;
	event->id = STR("evt-test");
	if (json_parse(str_of(data), (struct json_limits){0}, &event->arena, &event->data, &error) < 0)
		fail_msg("%s: %s", error.what, data);
	return event;
}

#define SAMPLE_RECORDING                                                                 \
	"https://recordings.example.com/api/v1/calls/recordings/?v=1&accountId=15300002" \
	"&file=15300002/202510/14/202510141102050132120000030797-2.WAV"

/* An agent_termination: the first agent transfers the call. */
static inline struct event *sample_event(void)
{
	return event_with(
		"{\"uii\":\"202510141102050132120000030797\",\"call_type\":\"INBOUND\","
		"\"ani\":\"5105550111\",\"ani_npa\":\"510\",\"ani_nxx\":\"555\",\"ani_last4\":\"0111\","
		"\"dnis\":\"4155550110\",\"call_start\":\"2025-10-14 11:02:05\",\"gate_id\":72992,"
		"\"gate_name\":\"Support EN\",\"gate_group_id\":52676,\"agent_id\":1369310,"
		"\"agent_username\":\"rc.guest+15300002_1791@example.com\","
		"\"agent_first_name\":\"Dana\",\"agent_last_name\":\"O'Neil\","
		"\"agent_externid\":\"E-1001\",\"agent_phone\":\"16505550100\","
		"\"agent_team\":\"Tier 1\",\"agent_location\":\"Denver\",\"session_id\":2,"
		"\"queue_duration\":21,\"sess_duration\":95,\"on_hold\":12,\"transfer_flag\":1,"
		"\"term_party\":\"AGENT\",\"term_reason\":\"TRANSFER\","
		"\"sess_recording_url\":\"" SAMPLE_RECORDING "\","
		"\"recording_url\":\"" SAMPLE_RECORDING "\",\"account_id\":\"15300002\"}");
}

/* The operator's own JSON body, as it is typed. */
#define SEED_JSON                                      \
	"{\n"                                          \
	"  \"agentId\": \"#agent_id#\",\n"             \
	"  \"agentUsername\": \"#agent_username#\",\n" \
	"  \"ani\": \"#ani#\",\n"                      \
	"  \"dnis\": \"#dnis#\",\n"                    \
	"  \"callStart\": \"#call_start#\",\n"         \
	"  \"duration\": \"#duration#\",\n"            \
	"  \"recordingUrl\": \"#recording_url#\"\n"    \
	"}\n"
