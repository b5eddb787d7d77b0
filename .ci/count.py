"""Adds up JUnit files: count.py FAILED FILE... prints "N passed, N failed"; FAILED are failures that no file tells of.
A file that is missing or unreadable counts as one failure."""
import sys
import xml.etree.ElementTree as ElementTree

passed, failed = 0, int(sys.argv[1])
for name in sys.argv[2:]:
    try:
        cases = list(ElementTree.parse(name).iter("testcase"))
    except (OSError, ElementTree.ParseError) as error:
        print(f"no results in {name}: {error}", file=sys.stderr)
        failed += 1
        continue
    for case in cases:
        if case.find("failure") is not None or case.find("error") is not None:
            failed += 1
            print(f"failed: {case.get('classname')} {case.get('name')}", file=sys.stderr)
        elif case.find("skipped") is None:
            passed += 1
sys.stderr.flush()
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed or not passed else 0)
