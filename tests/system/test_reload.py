"""Rules that change while the engine runs: by command, signal and API, by watching the folder, and back again."""
import itertools
import json
import os
import signal

import pytest

from process import until

ids = itertools.count()


def campaign(source, word, extra=""):
    return f"""serves {{ "{source}" }}
local web = require "services.web"
rule "tell" {{ on = "post_call", run = function(call) web.hook:send {{ json = {{ word = "{word}" }} }} end }}
{extra}"""


def service(sink, path="/hook"):
    return f'return {{ hook = http.service {{ name = "hook", method = "POST", url = "{sink.url}{path}" }} }}\n'


def rules(sink):
    return {"services/web.lua": service(sink), "a.lua": campaign("/a", "one"), "b.lua": campaign("/b", "one")}


def event(source, kind="post_call", call=None):
    n = next(ids)
    return {"specversion": "1.0", "id": f"e{n}", "type": kind, "source": source, "data": {"uii": call or f"c{n}"}}


def said(sink, n):
    return [json.loads(request["body"])["word"] for request in sink.wait_for(n)]


def reload(engine):
    status, _, body = engine.post("/v1/rules/reload", b"")
    return status, json.loads(body)


def status_of(engine):
    return json.loads(engine.get("/v1/status")[2])


def wait_for_generation(engine, number):
    """The log's entry of that."""
    return json.loads(engine.wait_for_log(rf'"other rules serve".*"generation":"{number}"').string)


@pytest.fixture
def served(start_engine, start_sink, write_rules):
    """An engine that does not watch, its sink, and its rules folder."""
    sink = start_sink()
    folder = write_rules(rules(sink))
    return start_engine(folder, args=["--no-watch"]), sink, folder


def test_a_reload_answers_with_the_generation_and_what_changed(served):
    engine, sink, folder = served
    engine.post_events(event("/a"))
    (folder / "a.lua").write_text(campaign("/a", "two"))
    (folder / "c.lua").write_text(campaign("/c", "new"))
    (folder / "b.lua").unlink()
    status, answer = reload(engine)
    assert status == 200
    assert (answer["generation"], answer["before"]) == (2, 1)
    assert (answer["added"], answer["changed"], answer["removed"]) == (["c"], ["a"], ["b"])
    assert (answer["kept"], answer["problems"], answer["campaigns"]) == ([], [], 2)
    engine.post_events(event("/a"), event("/b"), event("/c"))
    assert sorted(said(sink, 3)) == ["new", "one", "two"]
    assert reload(engine)[1]["generation"] == 2
    assert status_of(engine)["generation"] == 2


def test_a_broken_campaign_goes_on_as_it_was_and_everything_says_so(served, run_command):
    engine, sink, folder = served
    (folder / "a.lua").write_text('serves { "/a" }\nrule "tell" { on = "post_call", wen = {} }\n')
    (folder / "b.lua").write_text(campaign("/b", "two"))
    _, answer = reload(engine)
    assert (answer["generation"], answer["errors"]) == (2, 2)
    assert answer["kept"] == [{"campaign": "a", "generation": 1}]
    problem = next(p for p in answer["problems"] if "wen" in p["what"])
    assert (problem["file"], problem["line"], problem["hint"]) == ("a.lua", 2, "did you mean 'when'?")
    assert "wen" in problem["excerpt"]
    engine.wait_for_log(r'"level":"error".*"at":"a\.lua:2:\d+","error":"unknown key \'wen\'')
    engine.wait_for_log(r'"a campaign has errors and goes on as it was","campaign":"a","generation":"1"')
    assert "switchhook_rules_campaigns_kept 1\n" in engine.get("/metrics")[2].decode()
    assert status_of(engine)["kept"] == answer["kept"]
    shown = {c["name"]: (c["kept"], c["generation"]) for c in json.loads(engine.get("/v1/rules")[2])["campaigns"]}
    assert shown == {"a": (True, 1), "b": (False, 2)}
    engine.post_events(event("/a"), event("/b"))
    assert sorted(said(sink, 2)) == ["one", "two"]
    done = run_command("reload", "--server", engine.url)
    assert done.returncode == 1
    assert "a.lua:2:" in done.stdout and "did you mean 'when'?" in done.stdout
    assert "a has errors and goes on as it was in generation 1" in done.stdout
    assert "a has errors" in run_command("status", "--server", engine.url).stdout


def test_a_module_that_breaks_keeps_all_that_require_it(served):
    engine, sink, folder = served
    (folder / "services/web.lua").write_text("return {")
    (folder / "c.lua").write_text('serves { "/c" }\n')
    _, answer = reload(engine)
    assert [kept["campaign"] for kept in answer["kept"]] == ["a", "b"]
    assert answer["added"] == ["c"]
    engine.post_events(event("/a"))
    assert said(sink, 1) == ["one"]
    (folder / "services/web.lua").write_text(service(sink, "/other"))
    _, answer = reload(engine)
    assert (answer["kept"], answer["changed"]) == ([], ["a", "b"])
    engine.post_events(event("/a"))
    assert sink.wait_for(2)[1]["path"] == "/other"


def test_a_folder_that_is_gone_or_empty_changes_nothing(served, run_command):
    engine, sink, folder = served
    folder.rename(folder.with_name("away"))
    status, answer = reload(engine)
    assert status == 409
    assert answer["detail"].endswith("generation 1 keeps running")
    folder.mkdir()
    done = run_command("reload", "--server", engine.url)
    assert done.returncode == 1
    assert "no campaign" in done.stderr and "generation 1 keeps running" in done.stderr
    engine.post_events(event("/a"))
    assert said(sink, 1) == ["one"]
    assert status_of(engine)["rules"]["refused"] == 2


def test_hangup_reloads(served):
    engine, _, folder = served
    (folder / "a.lua").write_text(campaign("/a", "two"))
    engine.signal(signal.SIGHUP)
    assert wait_for_generation(engine, 2)["cause"] == "signal"


def test_a_run_ends_with_the_rules_it_began_with(start_engine, start_sink, write_rules, tmp_path):
    sink = start_sink()
    wait = """rule "wait" { on = "agent_connect", run = function(call)
  wait_for("post_call", { within = "1h" })
  web.hook:send { json = { word = "WORD" } }
end }"""
    files = rules(sink) | {"a.lua": campaign("/a", "tell", wait.replace("WORD", "waited one"))}
    folder = write_rules(files)
    data = tmp_path / "data"
    engine = start_engine(folder, data=data, args=["--no-watch"])
    engine.post_events(event("/a", "agent_connect", "call"))
    (folder / "a.lua").write_text(campaign("/a", "told", wait.replace("WORD", "waited two")))
    reload(engine)
    engine.post_events(event("/a", "agent_connect", "other"))
    engine.kill()
    engine = start_engine(folder, data=data, args=["--no-watch"])
    (folder / "a.lua").write_text(campaign("/a", "third"))
    reload(engine)
    engine.post_events(event("/a", "post_call", "call"), event("/a", "post_call", "other"))
    assert sorted(said(sink, 4)) == ["third", "third", "waited one", "waited two"]


def test_old_generations_go_but_for_those_that_runs_need(start_engine, start_sink, write_rules, tmp_path):
    sink = start_sink()
    wait = """rule "wait" { on = "agent_connect", run = function(call)
  wait_for("post_call", { within = "1h" })
  web.hook:send { json = { word = "waited" } }
end }"""
    folder, data = write_rules(rules(sink) | {"a.lua": campaign("/a", "one", wait)}), tmp_path / "data"
    args = ["--no-watch", "--retain-generations", "10"]
    engine = start_engine(folder, data=data, args=args)
    engine.post_events(event("/a", "agent_connect", "call"))
    for n in range(2, 16):
        (folder / "a.lua").write_text(campaign("/a", f"version {n}"))
        assert reload(engine)[1]["generation"] == n
    # A pass of retention is made at every start; a kill meanwhile leaves whole generations.
    engine.kill()
    engine = start_engine(folder, data=data, args=args)
    until(lambda: engine.get("/v1/rules/generations/5")[0] == 404)
    engine.kill()
    engine = start_engine(folder, data=data, args=args)
    assert [n for n in range(1, 16) if engine.get(f"/v1/rules/generations/{n}")[0] == 200] == [1, *range(6, 16)]
    history = json.loads(engine.get("/v1/rules/history")[2])
    assert [activation["generation"] for activation in history["history"]] == list(range(15, 5, -1))
    assert engine.post("/v1/rules/rollback/6", b"")[0] == 200
    engine.post_events(event("/a", "post_call", "call"))
    assert sorted(said(sink, 2)) == ["version 6", "waited"]


def test_history_shows_what_served_and_rollback_goes_back(served, run_command, start_engine, tmp_path):
    engine, sink, folder = served
    for word in ("two", "three"):
        (folder / "a.lua").write_text(campaign("/a", word))
        reload(engine)
    done = run_command("rules", "rollback", "1", "--server", engine.url)
    assert done.returncode == 0
    assert "generation 1 serves, after 3" in done.stdout
    engine.post_events(event("/a"))
    assert said(sink, 1) == ["one"]
    history = [json.loads(line) for line in run_command("rules", "history", "--json", "--server", engine.url).stdout.splitlines()]
    assert [(h["generation"], h["cause"]) for h in history] == [(1, "rollback"), (3, "reload"), (2, "reload"), (1, "start")]
    assert history[1]["summary"]["changed"] == ["a"]
    assert "* " in run_command("rules", "history", "--server", engine.url).stdout.splitlines()[1]
    shown = run_command("rules", "show", "2", "a.lua", "--server", engine.url)
    assert shown.stdout == campaign("/a", "two")
    assert run_command("rules", "show", "2", "--server", engine.url).stdout.split() == ["a.lua", "b.lua", "services/web.lua"]
    missing = run_command("rules", "rollback", "77", "--server", engine.url)
    assert missing.returncode == 1
    assert "no generation 77; generation 1 keeps running" in missing.stderr
    assert run_command("rules", "rollback", "x", "--server", engine.url).returncode == 2
    assert run_command("rules", "nonsense", "--server", engine.url).returncode == 2

    # It holds across a restart, until the folder changes.
    engine.stop()
    data = next(tmp_path.glob("data*"))
    engine = start_engine(folder, data=data)
    engine.wait_for_log('"rolled back rules serve, not those of the folder","generation":"1"')
    engine.post_events(event("/a"))
    assert said(sink, 2) == ["one", "one"]
    (folder / "a.lua").write_text(campaign("/a", "four"))
    wait_for_generation(engine, 4)


def test_a_restart_with_a_broken_campaign_serves_its_last_good_version(served, start_engine, tmp_path):
    engine, sink, folder = served
    (folder / "a.lua").write_text('serves "/a" nonsense')
    engine.stop()
    engine = start_engine(folder, data=next(tmp_path.glob("data*")), args=["--no-watch"])
    assert status_of(engine)["kept"] == [{"campaign": "a", "generation": 1}]
    engine.wait_for_log('"a campaign has errors and goes on as it was","campaign":"a"')
    engine.post_events(event("/a"))
    assert said(sink, 1) == ["one"]


def test_rules_whose_tests_fail_do_not_serve(start_engine, start_sink, write_rules, run_command):
    sink = start_sink()
    test = 'test("it tells", function(t) t:event("post_call") t:expect_request { json = { word = "one" } } end)\n'
    folder = write_rules(rules(sink) | {"a_test.lua": test})
    engine = start_engine(folder, args=["--no-watch", "--test-on-reload"])
    (folder / "a.lua").write_text(campaign("/a", "two"))
    done = run_command("reload", "--server", engine.url)
    assert done.returncode == 1
    assert "1 of 1 tests fail: the test 'it tells' of a_test.lua fails" in done.stderr
    assert "generation 1 keeps running" in done.stderr
    engine.post_events(event("/a"))
    assert said(sink, 1) == ["one"]
    (folder / "a_test.lua").write_text(test.replace("one", "two"))
    assert run_command("reload", "--server", engine.url).returncode == 0
    engine.post_events(event("/a"))
    assert said(sink, 2) == ["one", "two"]


# --- watching ---

@pytest.fixture
def watched(start_engine, start_sink, write_rules):
    sink = start_sink()
    folder = write_rules(rules(sink))
    return start_engine(folder), sink, folder


def test_editors_that_save_by_renaming_are_seen(watched):
    engine, sink, folder = watched
    for n, word in enumerate(("two", "three")):
        (folder / ".a.lua.swp").write_text(campaign("/a", word))
        os.replace(folder / ".a.lua.swp", folder / "a.lua")
        wait_for_generation(engine, n + 2)
    (folder / "new").mkdir()
    (folder / "new/module.lua").write_text("return { word = 'four' }")
    (folder / "c.lua").write_text('serves "/c"\nrequire "new.module"\n')
    assert wait_for_generation(engine, 4)["added"] == "1"
    (folder / "new/module.lua").write_text("return { word = 'five' }")
    assert wait_for_generation(engine, 5)["changed"] == "1"
    (folder / "b.lua").unlink()
    assert wait_for_generation(engine, 6)["removed"] == "1"
    engine.post_events(event("/a"))
    assert said(sink, 1) == ["three"]


def test_what_is_written_again_without_a_change_is_no_new_generation(watched):
    engine, _, folder = watched
    text = (folder / "a.lua").read_text()
    (folder / "a.lua").write_text("nonsense")
    wait_for_generation(engine, 2)
    (folder / "a.lua").write_text(text)
    (folder / "notes.txt").write_text("not of the rules")
    (folder / "a_test.lua").write_text("not of a generation")
    wait_for_generation(engine, 1)
    assert status_of(engine)["kept"] == []


def test_links_that_are_put_in_the_place_of_others_are_seen(start_engine, start_sink, write_rules, tmp_path):
    """As a configuration map is mounted: each file a link through ..data, which is replaced as one."""
    sink = start_sink()
    mount = tmp_path / "mount"
    for version, word in (("..1", "one"), ("..2", "two")):
        (mount / version / "services").mkdir(parents=True)
        (mount / version / "a.lua").write_text(campaign("/a", word))
        (mount / version / "services/web.lua").write_text(service(sink))
    (mount / "..data").symlink_to("..1")
    (mount / "a.lua").symlink_to("..data/a.lua")
    (mount / "services").symlink_to("..data/services")
    engine = start_engine(mount)
    (mount / "..tmp").symlink_to("..2")
    os.replace(mount / "..tmp", mount / "..data")
    wait_for_generation(engine, 2)
    engine.post_events(event("/a"))
    assert said(sink, 1) == ["two"]
    # What the link now points to is watched as well.
    (mount / "..2/services/web.lua").write_text(service(sink, "/moved"))
    wait_for_generation(engine, 3)


def test_a_rules_folder_that_is_itself_a_link_can_be_replaced(start_engine, start_sink, write_rules, tmp_path):
    sink = start_sink()
    one, two = write_rules(rules(sink)), write_rules(rules(sink) | {"a.lua": campaign("/a", "two")})
    (tmp_path / "live").symlink_to(one)
    engine = start_engine(tmp_path / "live")
    (tmp_path / "next").symlink_to(two)
    os.replace(tmp_path / "next", tmp_path / "live")
    wait_for_generation(engine, 2)
    engine.post_events(event("/a"))
    assert said(sink, 1) == ["two"]
