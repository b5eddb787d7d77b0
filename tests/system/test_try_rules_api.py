"""Rules tried over HTTP: checked, and compared with those that serve over the recorded events; and that no trial harms the engine."""
import json
import threading

import pytest

SERVICE = 'local crm = http.service { name = "CRM", url = "http://127.0.0.1:9/crm", method = "POST", json = { ani = "#ani#" }, retry = false }\n'
RULES = ('serves { "/queues/1" }\n' + SERVICE +
         'rule "sends" { on = "post_call", when = { duration = at_least(10) }, fire = crm }\n')


def event(number, **data):
    return {"specversion": "1.0", "id": f"e{number}", "type": "post_call", "source": "/queues/1", "subject": f"c{number}",
            "time": f"2025-10-14T18:00:{number % 60:02}.000Z", "data": {"uii": f"c{number}", "ani": "1"} | data}


def ask(engine, path, body, status=200):
    got, _, answer = engine.post(path, body)
    assert got == status, answer
    return json.loads(answer)


def diff(engine, text, status=200, **more):
    return ask(engine, "/v1/simulate/diff", {"rules": {"main.lua": text}} | more, status)


def test_a_change_is_compared_over_the_last_recorded_events(start_engine):
    engine = start_engine({"main.lua": RULES})
    engine.post_events(*[event(number, duration=number) for number in range(1, 31)])
    answer = diff(engine, RULES.replace("at_least(10)", "at_least(20)").replace('"#ani#"', '"tel:#ani#"'))
    assert (answer["events"], answer["compared"], answer["differ"], answer["complete"]) == (30, 30, 21, True)
    gone, changed = answer["groups"]
    assert answer["ways"] == 2
    assert (gone["change"], gone["count"], gone["event"], gone["from"]) == ("gone", 10, "e10", "POST http://127.0.0.1:9/crm")
    assert changed == {"change": "changed", "campaign": "main", "rule": "sends", "service": "CRM", "place": "body.ani", "count": 11,
                       "from": '"1"', "to": '"tel:1"', "event": "e20"}
    answer = diff(engine, RULES.replace("at_least(10)", "at_least(20)"), last=12)
    assert (answer["events"], answer["compared"], answer["differ"], answer["groups"][0]["event"]) == (12, 12, 1, "e19")
    answer = diff(engine, RULES + "-- the same\n")
    assert (answer["compared"], answer["differ"], answer["groups"]) == (30, 0, [])
    assert json.loads(engine.get("/v1/rules/files?path=main.lua")[2])["text"] == RULES


def test_what_the_command_says_is_what_the_api_says(start_engine, run_command, write_rules, tmp_path):
    engine = start_engine({"main.lua": RULES})
    engine.post_events(*[event(number, duration=number) for number in range(1, 31)])
    changed = RULES.replace("at_least(10)", "at_least(20)").replace('"#ani#"', '"tel:#ani#"')
    recorded = tmp_path / "recorded.ndjson"
    recorded.write_bytes(engine.get("/v1/events")[2])
    done = run_command("diff", "--json", "--from", write_rules({"main.lua": RULES}), "--to", write_rules({"main.lua": changed}), recorded)
    assert [json.loads(line) for line in done.stdout.splitlines()] == diff(engine, changed)["groups"]


def test_rules_with_errors_are_compared_with_nothing(start_engine):
    engine = start_engine({"main.lua": RULES, "broken.lua": "serves {"})
    engine.post_events(event(1, duration=20))
    said = diff(engine, RULES.replace("when", "wen"), 422)
    assert "nothing is compared" in said["detail"] and "'wen'" in said["detail"] and said["line"] == 3
    assert diff(engine, RULES)["compared"] == 1  # what was broken before is nobody's change


@pytest.mark.parametrize("body, said", [
    ({}, "'rules' must"), ({"rules": {}, "last": 0}, "'last'"), ({"rules": {}, "last": 10001}, "from 1 to 10000"), ({"rules": {}, "last": 1.5}, "whole number"),
    ({"rules": {f"f{n}.lua": "" for n in range(21)}}, "at most 20 files"), ({"rules": {}, "lst": 1}, "unknown member 'lst'"), ([], "must be an object")])
def test_a_wrong_comparison_is_400_and_says_why(start_engine, body, said):
    assert said in ask(start_engine(), "/v1/simulate/diff", body, 400)["detail"]


def test_without_a_journal_there_is_nothing_to_compare_with(start_engine):
    engine = start_engine({"main.lua": RULES}, args=["--durability", "none"])
    assert "keeps no journal" in diff(engine, RULES, 503)["detail"]


def test_all_errors_of_changed_rules_come_at_once(start_engine):
    engine = start_engine({"main.lua": RULES})
    wrong = RULES.replace("fire", "fier") + 'rule "b" { on = "post_call", wen = {}, fire = crm }\n'
    answer = ask(engine, "/v1/rules/check", {"rules": {"main.lua": wrong}})
    assert {problem["line"] for problem in answer["problems"] if problem["severity"] == "error"} >= {3, 4}
    assert all(problem["what"] and problem["file"] == "main.lua" for problem in answer["problems"])
    assert ask(engine, "/v1/rules/check", {"rules": {"main.lua": RULES}})["problems"] == []
    assert ask(engine, "/v1/rules/check", {})["problems"] == []


def test_the_newest_events_and_those_of_a_call(start_engine):
    engine = start_engine({"main.lua": RULES})
    engine.post_events(*[event(number) for number in range(1, 31)])
    engine.post_events(event(50) | {"subject": "c7"})

    def ids(query):
        status, headers, body = engine.get("/v1/events" + query)
        assert status == 200 and "x-next-after" not in {name for name, value in headers.items() if value}
        return [json.loads(line)["id"] for line in body.splitlines()]
    assert ids("?newest=true&limit=3") == ["e50", "e30", "e29"]
    assert ids("?call=c7") == ["e7", "e50"]
    assert ids("?call=c7&newest=true") == ["e50", "e7"]
    assert engine.get("/v1/events?newest=1")[0] == 400


LOOP = 'serves { "/queues/1" }\nrule "loops" { on = "post_call", run = function() while true do end end }\n'


def test_a_rule_that_never_ends_hurts_nobody(start_engine):
    """It is stopped, and while it is tried the lists and the events go on."""
    engine = start_engine({"main.lua": RULES}, args=["--max-run-time", "200ms"])
    answers = []

    def simulate():
        answers.append(engine.post("/v1/simulate", {"events": [event(number) for number in range(1000)], "rules": {"main.lua": LOOP}}))
    trying = threading.Thread(target=simulate)
    trying.start()
    done = 0
    while trying.is_alive():
        assert engine.get("/v1/deliveries?limit=1")[0] == 200
        engine.post_events(event(2000 + done, duration=20))
        done += 1
    trying.join()
    status, _, body = answers[0]
    assert status == 422 and "longer than 5 s" in json.loads(body)["detail"]
    assert done > 20, "the lists waited for the simulation"
    one = ask(engine, "/v1/simulate", {"events": event(1), "rules": {"main.lua": LOOP}})["results"][0]
    assert one["outcome"] == "failed" and "used up its time of 200 ms" in one["reason"], one


def test_simulations_stand_in_a_line_that_ends(start_engine):
    engine = start_engine({"main.lua": RULES}, args=["--max-run-time", "200ms"])
    statuses = []

    def simulate():
        statuses.append(engine.post("/v1/simulate", {"events": event(1), "rules": {"main.lua": LOOP}}))
    threads = [threading.Thread(target=simulate) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    refused = [json.loads(body)["detail"] for status, _, body in statuses if status == 429]
    assert sorted({status for status, _, _ in statuses}) == [200, 429] and all("wait already" in said for said in refused)
    assert ask(engine, "/v1/simulate", {"events": event(1, duration=20)})["results"][0]["outcome"] == "done"

