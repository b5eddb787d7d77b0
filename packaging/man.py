#!/usr/bin/python3
"""man.py PROGRAM FOLDER: the manual pages, made of what the program itself says with --help."""
import pathlib
import re
import subprocess
import sys

DATE = "2026-11-25"  # of this text; the pages are the same wherever they are built
OPTION = re.compile(r"^  (?:-(?P<short>\w), |    )(?P<name>--[^ ]+(?: [A-Z=]+)?)(?: {2,}(?P<text>.*))?$")


def ask(program, *args):
    return subprocess.run([program, *args, "--help"], capture_output=True, encoding="utf-8", check=True,
                          env={"LC_ALL": "C.UTF-8", "NO_COLOR": "1", "PATH": "/usr/bin:/bin"}).stdout


def roff(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in text.split("\n"))


def read_commands(program):
    """[(name, summary)] in the order of the program's own list."""
    lines = ask(program).split("\nCommands:\n")[1].split("\n\n")[0].splitlines()
    return [tuple(line.split(None, 1)) for line in lines if line.strip()]


def read_options(usage):
    """[(option, text)] from what popt prints; a text goes on for as long as its lines are indented."""
    options = []
    for line in usage.splitlines()[1:]:
        match = OPTION.match(line)
        if match:
            short = f"-{match['short']}, " if match["short"] else ""
            options.append([short + match["name"], (match["text"] or "").strip()])
        elif options and line.startswith(" " * 10):
            options[-1][1] += " " + line.strip()
    return options


def page(title, summary, parts, version):
    yield f'.TH {title.upper().replace("-", chr(92) + "-")} 1 "{DATE}" "switchhook {version}" "switchhook"'
    yield f".SH NAME\n{roff(title)} \\- {roff(summary)}"
    yield from parts
    yield (".SH SEE ALSO\n.BR switchhook (1). The documents are in \\fI/usr/share/doc/switchhook\\fR.")


def command_page(program, name, summary, version):
    example, _, rest = ask(program, name).partition("\n\n")
    about, _, usage = rest.partition("Usage: ")
    synopsis = usage.splitlines()[0] if usage else f"switchhook {name}"
    parts = [f".SH SYNOPSIS\n.B {roff(synopsis)}", f".SH DESCRIPTION\n{roff(about.strip())}"]
    options = read_options(usage)
    if options:
        parts.append(".SH OPTIONS")
        parts += [f".TP\n.B {roff(option)}\n{roff(text)}" for option, text in options]
    parts.append(f".SH EXAMPLES\n.nf\n{roff(example)}\n.fi")
    return "\n".join(page(f"switchhook-{name}", summary, parts, version)) + "\n"


def main_page(commands, version):
    parts = [".SH SYNOPSIS\n.B switchhook\n.I COMMAND\n.RI [ OPTIONS ]",
             ".SH DESCRIPTION\nCall events come in; the operators' Lua rules decide which web services to call, and with what; "
             "the engine sends the requests, and tries again when a service fails.",
             ".SH COMMANDS"]
    parts += [f".TP\n.BR switchhook\\-{name} (1)\n{roff(summary)}" for name, summary in commands]
    parts += [".SH EXIT STATUS\n.TP\n0\ndone\n.TP\n1\nit ran, and the answer is no\n.TP\n2\nwrong usage\n.TP\n4\nthe engine cannot be reached\n"
              ".TP\n78\n.B run\nrefused its configuration",
              ".SH ENVIRONMENT\n.TP\n.B NO_COLOR\nno colour, whatever it is set to",
              ".SH FILES\n.TP\n.I /etc/switchhook/rules\nthe rules of the service\n.TP\n.I /etc/default/switchhook\nits options, in SWITCHHOOK_OPTIONS"
              "\n.TP\n.I /var/lib/switchhook\nits journal"]
    return "\n".join(page("switchhook", "a rules engine for call events", parts, version)) + "\n"


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    version = subprocess.run([program, "--version"], capture_output=True, encoding="utf-8", check=True).stdout.split()[1]
    commands = read_commands(program)
    (folder / "switchhook.1").write_text(main_page(commands, version))
    for name, summary in commands:
        (folder / f"switchhook-{name}.1").write_text(command_page(program, name, summary, version))


if __name__ == "__main__":
    main()
