"""The sample rules over the sample calls: the exact requests that go out."""
import json

import pytest

ANSWERS = [{"path": "/crm/orders", "status": 201, "body": {"OrderId": "SO-55120"}}]
RECORDING = "https://recordings.example.com/api/v1/calls/recordings/?v=1&accountId=15300002&file=15300002/202510/14/"


def play(start_engine, start_sink, sample_rules, events, n):
    sink = start_sink(answers=ANSWERS)
    engine = start_engine(sample_rules(sink))
    engine.post_events(*events)
    requests = sink.wait_for(n)
    engine.stop()
    return {f"{request['method']} {request['path']}": request for request in sink.requests()}, requests


@pytest.mark.threads
def test_a_sale_makes_an_order_and_tells_the_chat_its_number(start_engine, start_sink, sample_rules, samples):
    seen, requests = play(start_engine, start_sink, sample_rules, samples("outbound-sale"), 5)
    assert len(requests) == len(seen) == 5
    order = seen["POST /crm/orders"]
    assert order["headers"]["content-type"].startswith("application/json")
    assert order["body"] == (
        '{"customer":{"first":"Zoë","last":"Nguyễn & Sons","phone":"+12095550101"},"externId":"CRM-77812",'
        '"notes":"Wants plan <B>; call back?","plan":"PLAN-A"}')
    assert seen["POST /chat/sales"]["body"] == '{"text":"Sale by Dana, order SO-55120"}'
    assert seen["POST /chat/sales"]["at_ms"] >= order["at_ms"]
    uii = "202510141430000131070000000412"
    assert seen[f"PUT /crm/records/{uii}"]["body"] == f'{{"call":"{uii}","lead":"CRM-77812","result":"Sale"}}'
    uii = "202510141431100131070000000413"
    assert seen[f"PUT /crm/records/{uii}"]["body"] == f'{{"call":"{uii}","lead":"CRM-77813","result":"NOANSWER"}}'
    form = seen["POST /crm/webhooks"]
    assert form["headers"]["content-type"] == "application/x-www-form-urlencoded"
    assert form["body"] == (
        "agent_id=1369310&agent_username=rc.guest%2B15300002_1791%40example.com&ani=2095550101&dnis=8005550199"
        "&call_start=2025-10-14+14%3A30%3A00&recording_url=https%3A%2F%2Frecordings.example.com%2Fapi%2Fv1%2Fcalls%2F"
        "recordings%2F%3Fv%3D1%26accountId%3D15300002%26file%3D15300002%2F202510%2F14%2F202510141430000131070000000412-2.WAV")
    ids = [request["headers"].get("webhook-id") for request in requests]
    assert all(ids) and len(set(ids)) == 5


@pytest.mark.threads
def test_a_transferred_call_becomes_one_record(start_engine, start_sink, sample_rules, samples):
    _, requests = play(start_engine, start_sink, sample_rules, samples("inbound-transfer"), 3)
    assert len(requests) == 3
    first, second = sorted((r for r in requests if r["path"] == "/crm/webhooks/json"), key=lambda r: r["body"])
    uii = "202510141102050132120000030797"
    assert first["body"].strip() == (
        '{\n  "agentId": "1369310",\n  "agentUsername": "rc.guest+15300002_1791@example.com",\n  "ani": "5105550111",\n'
        '  "dnis": "4155550110",\n  "callStart": "2025-10-14 11:02:05",\n  "duration": "",\n'
        f'  "recordingUrl": "{RECORDING}{uii}-2.WAV"\n}}')
    assert json.loads(second["body"])["agentUsername"] == "kim.lee@example.com"
    record = next(request for request in requests if request["path"] == f"/crm/records/{uii}")
    assert record["method"] == "PUT"
    assert record["body"] == (
        f'{{"agents":2,"call":"{uii}","duration":372,"notes":"Refunded €25 & closed","result":"Refund Issued"}}')


def test_an_abandoned_call_becomes_a_ticket(start_engine, start_sink, sample_rules, samples):
    seen, requests = play(start_engine, start_sink, sample_rules, samples("queue-abandoned"), 1)
    assert len(requests) == 1
    ticket = seen["POST /helpdesk/tickets"]
    assert ticket["headers"]["x-queue"] == "72992"
    assert ticket["body"] == (
        '{"called":"2025-10-14T09:15:00-0700","queue":"Support EN","subject":"Missed call from +13125550144","waited_s":47}')


def test_who_hung_up_at_once_gets_no_ticket(start_engine, start_sink, sample_rules, samples):
    short, long = samples("queue-abandoned")[1], samples("queue-abandoned")[1]
    short |= {"id": "short", "subject": "short", "data": short["data"] | {"queue_duration": 3}}
    sink = start_sink()
    engine = start_engine(sample_rules(sink))
    engine.post_events(short)
    engine.post_events(long)
    sink.wait_for(1)
    engine.stop()
    assert len(sink.requests()) == 1


@pytest.mark.threads
def test_an_event_that_comes_twice_does_its_work_once(start_engine, start_sink, sample_rules, samples):
    sink = start_sink()
    engine = start_engine(sample_rules(sink))
    event = samples("queue-abandoned")[1]
    assert engine.post_events(event)["duplicates"] == 0
    again = engine.post_events(event)
    assert (again["accepted"], again["duplicates"]) == (0, 1)
    sink.wait_for(1)
    engine.stop()
    assert len(sink.requests()) == 1
