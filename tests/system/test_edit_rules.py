"""Rules saved over the API: only where the engine allows it, only below the rules folder, only what is right, and never over what somebody else wrote."""
import json
import os
import stat

import pytest

from test_documents import check_answer

TOKEN, SENDER = "0123456789abcdef0123", "sender-0123456789abcdef"
MAIN = 'serves { "/queues/1" }\nlocal crm = require "services.crm"\nrule "a" { on = "post_call", fire = crm.records }\n'
CRM = 'return { records = http.service { name = "CRM", url = "http://127.0.0.1:9/crm" } }\n'
OPERATOR = {"authorization": f"Bearer {TOKEN}", "content-type": "application/json"}


class Editing:
    def __init__(self, engine, rules):
        self.engine, self.rules = engine, rules

    def serving(self, path):
        return json.loads(self.engine.get(f"/v1/rules/files?path={path}", OPERATOR)[2])

    def put(self, *files, headers=OPERATOR):
        """Each file: (path, text) over what serves, or (path, text, was)."""
        body = {"files": [{"path": path, "text": text, "was": was[0] if was else self.serving(path).get("hash")} for path, text, *was in files]}
        status, _, answer = self.engine.request("PUT", "/v1/rules/files", json.dumps(body).encode(), headers)
        return status, json.loads(answer)

    def left(self):
        """Everything below the folder, so that nothing stays behind."""
        return sorted(str(path.relative_to(self.rules)) for path in self.rules.rglob("*"))


@pytest.fixture
def start_editing(start_engine, write_rules, tmp_path):
    def start(args=("--edit-rules", "--no-watch"), files=()):
        rules = write_rules({"main.lua": MAIN, "services/crm.lua": CRM} | dict(files))
        (tmp_path / "tokens").write_text(TOKEN + "\n")
        (tmp_path / "senders").write_text(SENDER + "\n")
        return Editing(start_engine(rules, args=["--token-file", tmp_path / "tokens", "--sender-token-file", tmp_path / "senders", *args]), rules)
    return start


@pytest.fixture
def editing(start_editing):
    return start_editing()


LEFT = ["main.lua", "services", "services/crm.lua"]


def test_a_saved_change_is_on_disk_and_serves(editing):
    before = editing.serving("main.lua")
    os.chmod(editing.rules / "main.lua", 0o640)
    status, answer = editing.put(("main.lua", MAIN.replace('"a"', '"b"')))
    assert status == 200 and answer["saved"] == ["main.lua"] and answer["refused"] is None
    check_answer("put", "/v1/rules/files", status, {"content-type": "application/json"}, json.dumps(answer))
    assert answer["reload"]["changed"] == ["main"] and answer["reload"]["generation"] == before["generation"] + 1
    assert (editing.rules / "main.lua").read_text() == editing.serving("main.lua")["text"] == MAIN.replace('"a"', '"b"')
    assert stat.S_IMODE((editing.rules / "main.lua").stat().st_mode) == 0o640 and editing.left() == LEFT
    editing.engine.wait_for_log("a file of rules was saved over the API.*main.lua")


def test_files_that_need_each_other_are_saved_together(editing):
    status, _ = editing.put(("main.lua", MAIN.replace("crm.records", "crm.leads")))
    assert status == 422
    status, answer = editing.put(("main.lua", MAIN.replace("crm.records", "crm.leads")), ("services/crm.lua", CRM.replace("records", "leads")))
    assert status == 200 and answer["saved"] == ["main.lua", "services/crm.lua"] and answer["reload"]["errors"] == 0


def test_a_new_file_is_made_and_is_no_way_over_an_old_one(editing):
    status, answer = editing.put(("services/chat.lua", "return {}\n", None))
    assert status == 200 and answer["reload"] is not None
    assert editing.left() == ["main.lua", "services", "services/chat.lua", "services/crm.lua"]
    status, answer = editing.put(("main.lua", MAIN + "-- x\n", None))
    assert status == 412 and "is there already" in answer["detail"] and (editing.rules / "main.lua").read_text() == MAIN


def test_what_changed_on_disk_is_not_overwritten(editing):
    (editing.rules / "main.lua").write_text(MAIN + "-- by hand\n")
    status, answer = editing.put(("services/crm.lua", CRM + "-- x\n"), ("main.lua", MAIN + "-- x\n"))
    assert status == 412 and "'main.lua' has changed on disk since it was read" in answer["detail"]
    assert (editing.rules / "main.lua").read_text() == MAIN + "-- by hand\n" and (editing.rules / "services/crm.lua").read_text() == CRM
    (editing.rules / "main.lua").unlink()
    assert editing.put(("main.lua", MAIN + "-- x\n"))[0] == 412 and editing.left() == ["services", "services/crm.lua"]


def test_rules_with_errors_are_not_saved(editing):
    for path, text, line in [("main.lua", MAIN.replace("fire", "fier"), 3), ("services/crm.lua", "return {", 1), ("services/crm.lua", CRM.replace("records", "gone"), 3)]:
        status, answer = editing.put((path, text))
        assert status == 422 and "nothing is saved" in answer["detail"] and answer["line"] == line, answer
    assert (editing.rules / "main.lua").read_text() == MAIN and (editing.rules / "services/crm.lua").read_text() == CRM and editing.left() == LEFT


@pytest.mark.parametrize("path", ["../out.lua", "services/../../out.lua", "/etc/out.lua", "./x.lua", "services//x.lua", ".hidden.lua", ".git/x.lua", "services/.x.lua", "",
                                  "x.lua/", "none/x.lua", "main.lua/x.lua", "a\u0000b.lua", "a\nb.lua", "..\\out.lua", "x" * 300 + ".lua", "/".join("d" * 20) + "/x.lua",
                                  "x.txt", "x.lua.sh", "main_test.lua", "orders.wsdl"])
def test_no_path_leads_elsewhere(editing, tmp_path, path):
    status, answer = editing.put((path, "serves {}\n", None))
    assert status == 400 and answer["detail"]
    assert editing.left() == LEFT and not list(tmp_path.glob("out*"))


def test_no_link_leads_elsewhere(start_editing, tmp_path):
    editing = start_editing()
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "target.lua").write_text("return {}\n")
    (editing.rules / "linked").symlink_to(outside)
    (editing.rules / "link.lua").symlink_to(outside / "target.lua")
    (editing.rules / "dangling.lua").symlink_to(outside / "made.lua")
    for path, was in [("linked/x.lua", None), ("linked/target.lua", None), ("link.lua", None), ("link.lua", "0" * 32), ("dangling.lua", None)]:
        status, answer = editing.put((path, "return {}\n", was))
        assert status in (400, 412) and "symbolic link" in answer["detail"], (path, answer)
    assert [path.name for path in outside.iterdir()] == ["target.lua"] and (editing.rules / "link.lua").is_symlink()


def test_what_a_crash_left_behind_is_in_nobodys_way(editing):
    (editing.rules / ".main.lua.saving").write_text("half")
    assert editing.put(("main.lua", MAIN + "-- x\n"))[0] == 200
    assert editing.left() == LEFT


def test_a_folder_that_cannot_be_written_says_so(editing):
    if os.geteuid() == 0:
        pytest.skip("root writes everywhere")
    (editing.rules / "services").chmod(0o500)
    try:
        status, answer = editing.put(("services/crm.lua", CRM + "-- x\n"))
    finally:
        (editing.rules / "services").chmod(0o700)
    assert status == 500 and "cannot write" in answer["detail"] and "engine's user" in answer["hint"]


def test_only_operators_save(editing):
    change = ("main.lua", MAIN + "-- x\n", editing.serving("main.lua")["hash"])
    plain = {"content-type": "application/json"}
    assert editing.put(change, headers=plain)[0] == 401
    assert editing.put(change, headers=plain | {"authorization": f"Bearer {SENDER}"})[0] in (401, 403)
    for foreign in ({"origin": "https://evil.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"}):
        assert editing.put(change, headers=OPERATOR | foreign)[0] == 403
    assert (editing.rules / "main.lua").read_text() == MAIN
    assert editing.put(change, headers=OPERATOR | {"origin": editing.engine.url, "host": f"127.0.0.1:{editing.engine.port}"})[0] == 200


def test_without_the_option_nothing_is_saved(start_editing):
    editing = start_editing(args=[])
    status, answer = editing.put(("main.lua", MAIN + "-- x\n"))
    assert status == 403 and answer["detail"] == "saving rules is off" and "--edit-rules" in answer["hint"]
    assert (editing.rules / "main.lua").read_text() == MAIN
    assert json.loads(editing.engine.get("/v1/rules/files", OPERATOR)[2])["editable"] is False


def test_the_list_says_what_may_be_saved_over_what(editing):
    listed = json.loads(editing.engine.get("/v1/rules/files", OPERATOR)[2])
    assert listed["editable"] is True
    assert {one["path"]: one["hash"] for one in listed["files"]} == {path: editing.serving(path)["hash"] for path in ("main.lua", "services/crm.lua")}


def test_saving_wants_a_token(run_command, write_rules, tmp_path):
    done = run_command("run", "--rules", write_rules({"main.lua": 'serves { "/q" }\n'}), "--data", tmp_path / "data", "--listen", "127.0.0.1:0", "--edit-rules")
    assert done.returncode == 78 and "--edit-rules needs --token-file" in done.stderr


def test_rules_that_their_tests_refuse_are_saved_and_do_not_serve(start_editing):
    test = 'test("a", function(t)\n  t:event("post_call", {})\n  t:expect_request { service = "CRM" }\nend)\n'
    editing = start_editing(args=["--edit-rules", "--no-watch", "--test-on-reload"], files={"main_test.lua": test})
    changed = MAIN.replace("post_call", "enqueue")
    status, answer = editing.put(("main.lua", changed))
    assert status == 200 and answer["reload"] is None and "test" in answer["refused"]
    assert (editing.rules / "main.lua").read_text() == changed and editing.serving("main.lua")["text"] == MAIN


@pytest.mark.parametrize("body, said", [
    ({}, "'files' must"), ({"files": []}, "1 to 20"), ({"files": [{"path": "a.lua", "text": "x"}]}, "lacks"), ({"files": [1]}, "lacks"),
    ({"files": [{"path": "a.lua", "text": "", "was": None}] * 2}, "twice"), ({"files": [], "x": 1}, "unknown member"), ([], "must be an object")])
def test_a_wrong_save_is_400_and_says_why(editing, body, said):
    status, _, answer = editing.engine.request("PUT", "/v1/rules/files", json.dumps(body).encode(), OPERATOR)
    assert status == 400 and said in json.loads(answer)["detail"], answer


def test_samples_of_the_rules_folder(start_editing, tmp_path):
    sample = '{"id":"1","type":"post_call","source":"/queues/1","data":{}}\n'
    editing = start_editing(files={"samples/a.ndjson": sample, "samples/deep/b.json": sample, "samples/answers.json": "[]", "samples/notes.txt": "x",
                                   "samples/.hidden.json": sample, "keys.json": '{"key":"s"}', "samples/keys.json": '{"key":"s"}'})
    (tmp_path / "elsewhere.json").write_text(sample)
    (editing.rules / "samples/link.json").symlink_to(tmp_path / "elsewhere.json")

    def get(query=""):
        status, _, body = editing.engine.get("/v1/samples" + query, OPERATOR)
        return status, json.loads(body)
    assert [one["path"] for one in get()[1]["samples"]] == ["samples/a.ndjson", "samples/deep/b.json", "samples/keys.json"]
    assert get("?path=samples/a.ndjson") == (200, {"path": "samples/a.ndjson", "text": sample})
    for path, status in [("keys.json", 404), ("samples/keys.json", 422), ("samples/link.json", 422), ("samples/../keys.json", 404), ("samples/none.json", 404),
                         ("../samples/x.json", 404), ("samples/answers.json", 404), ("samples/.hidden.json", 404), ("main.lua", 404)]:
        assert get(f"?path={path}")[0] == status, path
    assert editing.engine.get("/v1/samples")[0] == 401
