"""Against a server that is not ours: nginx."""
import json
import re
import socket

import pytest

from process import Process

CONFIG = """daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr notice;
events {{ worker_connections 64; }}
http {{
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  client_body_buffer_size 1m;
  log_format seen escape=json '{{"method":"$request_method","target":"$request_uri","type":"$content_type","body":"$request_body",'
    '"agent":"$http_user_agent","id":"$http_webhook_id","connection":"$connection","nth":"$connection_requests",'
    '"protocol":"$server_protocol","host":"$http_host"}}';
  server {{
    listen 127.0.0.1:{port};
    access_log /dev/stdout seen;
    location / {{ proxy_pass http://127.0.0.1:{inner}; }}
    location /moved {{ return 302 http://127.0.0.1:{port}/elsewhere; }}
  }}
  server {{
    listen 127.0.0.1:{inner};
    access_log off;
    location / {{ default_type application/json; return 200 '{{"OrderId":"NG-1","at":"$request_method"}}'; }}
  }}
}}
"""


def free_ports(n):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(n)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Nginx(Process):
    def __init__(self, folder):
        self.port, inner = free_ports(2)
        config = folder / "nginx.conf"
        config.write_text(CONFIG.format(folder=folder, port=self.port, inner=inner))
        super().__init__(["/usr/sbin/nginx", "-p", folder, "-c", config])
        self.url = f"http://127.0.0.1:{self.port}"
        self.wait_for_line(re.compile(r"using the \"\w+\" event method"))

    def wait_for(self, n):
        assert self.out.wait(lambda lines: len(lines) >= n), self.out.text() + self.err.text()
        return [json.loads(line) for line in list(self.out.lines)]


@pytest.fixture
def nginx(tmp_path, started):
    folder = tmp_path / "nginx"
    folder.mkdir()
    server = Nginx(folder)
    started.append(server)
    return server


def rules(nginx):
    return {
        "services/web.lua": f"""return {{
  form = http.service {{ name = "form", method = "POST", url = "{nginx.url}/form/#uii#?q=#agent_notes#",
    form = {{ {{ "notes", "#agent_notes#" }}, {{ "ani", "#ani|e164:US#" }} }} }},
  order = http.service {{ name = "order", method = "PATCH", url = "{nginx.url}/order", json = {{ notes = "#agent_notes#" }} }},
  moved = http.service {{ name = "moved", method = "POST", url = "{nginx.url}/moved", json = {{}} }},
  gone = http.service {{ name = "gone", method = "DELETE", url = "{nginx.url}/gone" }},
}}
""",
        "c.lua": """serves { "/queues/1" }
local web = require "services.web"
rule "fire" { on = "post_disposition", fire = web.form }
rule "chain" {
  on = "post_call",
  run = function(call)
    local order = web.order:call()
    web.form:send { form = { { "order", order.OrderId }, { "by", order.at } } }
  end,
}
rule "moved" {
  on = "call_end",
  run = function(call)
    local answer, err = web.moved:try_call()
    web.gone:send()
  end,
}
""",
    }


def event(kind, n):
    return {"specversion": "1.0", "id": f"{kind}{n}", "type": kind, "source": "/queues/1",
            "data": {"uii": str(n), "ani": "2095550101", "agent_notes": "a \"b\"\n<é> & 100%+?#"}}


def test_nginx_receives_the_exact_bytes(start_engine, nginx):
    engine = start_engine(rules(nginx))
    engine.post_events(event("post_disposition", 7))
    seen = nginx.wait_for(1)[0]
    assert seen["method"] == "POST" and seen["protocol"] == "HTTP/1.1" and seen["host"] == f"127.0.0.1:{nginx.port}"
    assert seen["target"] == "/form/7?q=a%20%22b%22%0A%3C%C3%A9%3E%20%26%20100%25%2B%3F%23"
    assert seen["type"] == "application/x-www-form-urlencoded"
    assert seen["body"] == "notes=a+%22b%22%0A%3C%C3%A9%3E+%26+100%25%2B%3F%23&ani=%2B12095550101"
    assert seen["agent"].startswith("switchhook/") and seen["id"]


def test_the_answer_of_one_call_feeds_the_next(start_engine, nginx):
    engine = start_engine(rules(nginx))
    engine.post_events(event("post_call", 8))
    order, told = nginx.wait_for(2)
    assert order["method"] == "PATCH" and json.loads(order["body"]) == {"notes": "a \"b\"\n<é> & 100%+?#"}
    assert told["body"] == "order=NG-1&by=PATCH"


@pytest.mark.threads
def test_connections_are_kept_and_used_again(start_engine, nginx):
    engine = start_engine(rules(nginx), args=["--shards", "1"])
    for n in range(5):
        engine.post_events(event("post_disposition", n))
        nginx.wait_for(n + 1)
    assert len({seen["connection"] for seen in nginx.wait_for(5)}) == 1


def test_a_redirect_is_not_followed(start_engine, nginx):
    engine = start_engine(rules(nginx))
    engine.post_events(event("call_end", 9))
    nginx.wait_for(1)
    engine.stop()
    assert all(seen["target"] != "/elsewhere" for seen in nginx.wait_for(1))
