---@meta
-- The events that the platform sends, and the tags that each carries. Tags of your own are declared with tags { }.
--
-- A rule's function knows all tags. To see only those of one event type, say so above it:
--
--     ---@param call call.post_disposition
--     run = function(call) ... end

--- The type of an event.
---@alias event_type
---| '"enqueue"' # the call enters the queue
---| '"dequeue"' # it leaves the queue towards an agent; can repeat for one call
---| '"agent_connect"' # an agent is connected; once per agent segment
---| '"agent_termination"' # an agent's segment ends, which can be before the call ends
---| '"transfer_termination"' # a transferred leg ends
---| '"post_call"' # the whole call ends, once per call
---| '"post_disposition"' # the agent dispositions the call, usually after post_call
---| '"call_start"' # a cloud profile's call starts
---| '"call_connect"' # a cloud profile's call connects
---| '"call_end"' # a cloud profile's call ends
---| '"new_chat"' # a chat arrives
---| '"post_chat"' # a chat ends
---| '"recording_ready"' # the segment's recording can be fetched
---| '"agent_login"' # an agent signs on
---| '"agent_logout"' # an agent signs off
---| '"agent_state"' # an agent's state changes
---| '"queue_event"' # a queue event ran
---| '"ivr_digits"' # the caller pressed keys
---| string

--- Tags of the call.
---@class tags.call
---@field uii (string|number|boolean)?
---@field account_id (string|number|boolean)?
---@field call_type (string|number|boolean)?
---@field call_direction (string|number|boolean)?
---@field ani (string|number|boolean)?
---@field ani_npa (string|number|boolean)?
---@field ani_nxx (string|number|boolean)?
---@field ani_last4 (string|number|boolean)?
---@field ani_state (string|number|boolean)?
---@field dnis (string|number|boolean)?
---@field originating_dnis (string|number|boolean)?
---@field dnis_description (string|number|boolean)?
---@field caller_id (string|number|boolean)?
---@field call_start (string|number|boolean)?
---@field call_duration (string|number|boolean)?
---@field duration (string|number|boolean)?
---@field enqueue_time (string|number|boolean)?
---@field dequeue_time (string|number|boolean)?
---@field queue_duration (string|number|boolean)?
---@field dequeue_attempts (string|number|boolean)?
---@field call_state (string|number|boolean)?
---@field call_result (string|number|boolean)?
---@field call_status (string|number|boolean)?
---@field source_type (string|number|boolean)?
---@field term_party (string|number|boolean)?
---@field term_reason (string|number|boolean)?
---@field is_short_call (string|number|boolean)?
---@field is_long_call (string|number|boolean)?
---@field is_short_abandon (string|number|boolean)?
---@field sla_qualified (string|number|boolean)?
---@field sla_passed (string|number|boolean)?
---@field billing_code (string|number|boolean)?
---@field cnam (string|number|boolean)?
---@field summary (string|number|boolean)?
---@field event_id (string|number|boolean)?
---@field session_id (string|number|boolean)?

--- Tags of its queue.
---@class tags.queue
---@field gate_id (string|number|boolean)?
---@field gate_name (string|number|boolean)?
---@field gate_desc (string|number|boolean)?
---@field gate_group_id (string|number|boolean)?
---@field group_name (string|number|boolean)?
---@field queue_id (string|number|boolean)?

--- Tags of its campaign.
---@class tags.campaign
---@field campaign_id (string|number|boolean)?
---@field campaign_name (string|number|boolean)?
---@field campaign_desc (string|number|boolean)?
---@field dial_group_id (string|number|boolean)?
---@field dial_group_name (string|number|boolean)?
---@field dial_mode (string|number|boolean)?
---@field dial_type (string|number|boolean)?
---@field dial_duration (string|number|boolean)?
---@field list_id (string|number|boolean)?
---@field list_desc (string|number|boolean)?
---@field pass_disposition (string|number|boolean)?
---@field outbound_disposition (string|number|boolean)?
---@field outbound_externid (string|number|boolean)?

--- Tags of the agent.
---@class tags.agent
---@field agent_id (string|number|boolean)?
---@field agent_username (string|number|boolean)?
---@field agent_first_name (string|number|boolean)?
---@field agent_last_name (string|number|boolean)?
---@field agent_externid (string|number|boolean)?
---@field agent_phone (string|number|boolean)?
---@field agent_team (string|number|boolean)?
---@field agent_location (string|number|boolean)?
---@field agent_login_id (string|number|boolean)?
---@field agent_group_id (string|number|boolean)?
---@field agent_group_name (string|number|boolean)?
---@field agent_duration (string|number|boolean)?
---@field agent_wait_time (string|number|boolean)?
---@field agent_wrap_time (string|number|boolean)?
---@field agent_disposition (string|number|boolean)?
---@field agent_notes (string|number|boolean)?
---@field is_success (string|number|boolean)?
---@field is_complete (string|number|boolean)?
---@field is_contact (string|number|boolean)?
---@field skill_profile_id (string|number|boolean)?

--- Tags of an agent's stay on the call.
---@class tags.segment
---@field session_id (string|number|boolean)?
---@field sess_duration (string|number|boolean)?
---@field sess_type (string|number|boolean)?
---@field sess_on_hold (string|number|boolean)?
---@field sess_wrap_time (string|number|boolean)?
---@field sess_wait_time (string|number|boolean)?
---@field sess_dial_duration (string|number|boolean)?
---@field sess_dial_disposition (string|number|boolean)?
---@field sess_term_party (string|number|boolean)?
---@field sess_term_reason (string|number|boolean)?
---@field sess_transfer_flag (string|number|boolean)?
---@field sess_phone (string|number|boolean)?
---@field sess_recording_url (string|number|boolean)?
---@field sess_agent_perspective_recording_url (string|number|boolean)?
---@field transfer_flag (string|number|boolean)?
---@field transfer_dest (string|number|boolean)?
---@field transfer_type (string|number|boolean)?
---@field transfer_duration (string|number|boolean)?
---@field on_hold (string|number|boolean)?

--- Tags of the recording.
---@class tags.recording
---@field recording_url (string|number|boolean)?
---@field recording_format (string|number|boolean)?
---@field recording_bytes (string|number|boolean)?

--- Tags of the lead.
---@class tags.lead
---@field lead_id (string|number|boolean)?
---@field extern_id (string|number|boolean)?
---@field lead_phone (string|number|boolean)?
---@field lead_state (string|number|boolean)?
---@field lead_timezone (string|number|boolean)?
---@field lead_passes (string|number|boolean)?
---@field title (string|number|boolean)?
---@field first_name (string|number|boolean)?
---@field mid_name (string|number|boolean)?
---@field last_name (string|number|boolean)?
---@field suffix (string|number|boolean)?
---@field address1 (string|number|boolean)?
---@field address2 (string|number|boolean)?
---@field city (string|number|boolean)?
---@field state (string|number|boolean)?
---@field zip (string|number|boolean)?
---@field email (string|number|boolean)?
---@field gate_keeper (string|number|boolean)?
---@field aux_data1 (string|number|boolean)?
---@field aux_data2 (string|number|boolean)?
---@field aux_data3 (string|number|boolean)?
---@field aux_data4 (string|number|boolean)?
---@field aux_data5 (string|number|boolean)?
---@field aux_phone (string|number|boolean)?
---@field aux_external_url (string|number|boolean)?
---@field next_dial_time (string|number|boolean)?
---@field loaded_dts (string|number|boolean)?
---@field country_code (string|number|boolean)?

--- Tags of the agent's script.
---@class tags.script
---@field script_result table?
---@field sessions table?

--- Tags of an event of an agent alone.
---@class tags.session
---@field uii (string|number|boolean)?
---@field account_id (string|number|boolean)?
---@field event_id (string|number|boolean)?
---@field session_id (string|number|boolean)?
---@field call_state (string|number|boolean)?

--- The call enters the queue.
---@class call.enqueue: call.members, tags.call, tags.queue, tags.lead

--- It leaves the queue towards an agent; can repeat for one call.
---@class call.dequeue: call.members, tags.call, tags.queue, tags.agent, tags.lead

--- An agent is connected; once per agent segment.
---@class call.agent_connect: call.members, tags.call, tags.queue, tags.campaign, tags.lead, tags.agent, tags.segment

--- An agent's segment ends, which can be before the call ends.
---@class call.agent_termination: call.members, tags.call, tags.queue, tags.campaign, tags.lead, tags.agent, tags.segment, tags.recording, tags.script

--- A transferred leg ends.
---@class call.transfer_termination: call.members, tags.call, tags.queue, tags.campaign, tags.lead, tags.agent, tags.segment, tags.recording

--- The whole call ends, once per call.
---@class call.post_call: call.members, tags.call, tags.queue, tags.campaign, tags.lead, tags.agent, tags.segment, tags.recording, tags.script

--- The agent dispositions the call, usually after post_call.
---@class call.post_disposition: call.members, tags.call, tags.queue, tags.campaign, tags.lead, tags.agent, tags.segment, tags.recording, tags.script

--- A cloud profile's call starts.
---@class call.call_start: call.members, tags.call

--- A cloud profile's call connects.
---@class call.call_connect: call.members, tags.call

--- A cloud profile's call ends.
---@class call.call_end: call.members, tags.call, tags.recording

--- A chat arrives.
---@class call.new_chat: call.members, tags.call, tags.queue, tags.lead

--- A chat ends.
---@class call.post_chat: call.members, tags.call, tags.queue, tags.agent, tags.lead, tags.script

--- The segment's recording can be fetched.
---@class call.recording_ready: call.members, tags.call, tags.queue, tags.campaign, tags.lead, tags.agent, tags.segment, tags.recording

--- An agent signs on.
---@class call.agent_login: call.members, tags.agent, tags.session

--- An agent signs off.
---@class call.agent_logout: call.members, tags.agent, tags.session

--- An agent's state changes.
---@class call.agent_state: call.members, tags.agent, tags.session

--- A queue event ran.
---@class call.queue_event: call.members, tags.call, tags.queue, tags.lead

--- The caller pressed keys.
---@class call.ivr_digits: call.members, tags.call, tags.queue, tags.lead

--- The tags of the event, as the rule's function gets them. A tag that the event lacks is nil.
---@class call: call.members, tags.call, tags.queue, tags.campaign, tags.agent, tags.segment, tags.recording, tags.lead, tags.script
