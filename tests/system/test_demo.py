"""The demo, as a new user runs it."""
import re


def test_the_demo_shows_events_and_requests_and_ends_with_a_summary(run_command, switchhook):
    done = run_command("demo", timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stderr == ""
    assert re.search(r"^● post_disposition +/campaigns/8842  call …000412  agent Dana  disposition Sale$", done.stdout, re.MULTILINE)
    assert "    POST /crm/webhooks\n" in done.stdout and "agent_username = rc.guest+15300002_1791@example.com" in done.stdout
    assert '"text": "Sale by Dana, order SO-55120"' in done.stdout
    assert "POST /helpdesk/tickets" in done.stdout
    assert re.search(r"^21 events, \d+ runs of rules, 9 requests delivered, 0 dead$", done.stdout, re.MULTILINE)
    assert done.stdout.endswith(f"start the engine itself: {switchhook} run --rules rules\n")


def test_the_demo_can_be_repeated_beside_another_sink(run_command, start_sink):
    start_sink()
    for _ in range(2):
        assert run_command("demo", timeout=60).returncode == 0


def test_without_samples_the_demo_says_what_it_needs(run_command, tmp_path):
    done = run_command("demo", "--samples", tmp_path)
    assert done.returncode == 1 and "no sample events in" in done.stderr and "--samples DIR" in done.stderr


def test_a_broken_sample_is_named_with_its_line(run_command, tmp_path):
    (tmp_path / "x.ndjson").write_text('{"specversion":"1.0","id":"1","type":"t","source":"/s","data":{}}\n{"id":\n')
    done = run_command("demo", "--samples", tmp_path)
    assert done.returncode == 1 and "x.ndjson:2" in done.stderr
