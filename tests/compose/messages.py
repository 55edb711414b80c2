"""messages.py - the messages that the loader has in its source, and which of them no case provokes. Used by
replay.py, which has what octocompose said to every case.
"""
import glob
import os
import re

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
SOURCES = ("compose-compat/file/*.c", "src/data/yread*.c")
ELSEWHERE = os.path.join(HERE, "messages.txt")
LITERAL = r'"((?:[^"\\\n]|\\.)*)"'


def literals(path):
    """The texts of a C file, pieces that stand side by side joined."""
    with open(path, encoding="utf-8") as stream:
        code = re.sub(r"(?m)^#.*$", "", re.sub(r"/\*.*?\*/", " ", stream.read(), flags=re.S))
    for found in re.finditer(rf"{LITERAL}(?:\s*{LITERAL})*", code):
        text = "".join(re.findall(LITERAL, found.group(0)))
        yield text.replace('\\"', '"').replace("\\n", "\n").replace("\\\\", "\\")


def messages():
    """The texts with words in them, outside of the schema table."""
    found = set()
    for pattern in SOURCES:
        for path in sorted(glob.glob(os.path.join(ROOT, pattern))):
            if not os.path.basename(path).startswith("schema"):
                found |= {text for text in literals(path) if re.search(r"[a-z]{2} | [a-z]{2}", text)}
    return found


def expression(text):
    """What the message looks like when it is printed."""
    parts = re.split(r"(%[-#0-9.*]*[hlzjt]*[a-zA-Z])", text)
    # In a warning without a place, quotes are escaped.
    return "".join(".*?" if index % 2 else re.escape(part).replace('"', '\\\\?"')
                   for index, part in enumerate(parts))


def elsewhere():
    """message -> the file that tests it instead, or "nothing: " and why"""
    with open(ELSEWHERE, encoding="utf-8") as stream:
        pairs = [line.rstrip("\n").split(" <- ", 1) for line in stream if not line.startswith("#")]
    return {message: path for message, path in pairs}


def problems(texts):
    """What is wrong: messages that nothing provokes, excuses that excuse nothing. texts: what was said."""
    said, excused, lines = "\n".join(texts), elsewhere(), []
    known = messages()
    for message in sorted(known):
        is_said = re.search(expression(message), said) is not None
        if not is_said and message not in excused:
            lines.append(f"no case provokes {message!r}")
    for message, path in excused.items():
        if message not in known:
            lines.append(f"messages.txt: there is no message {message!r}")
        elif not path.startswith("nothing: ") and not os.path.exists(os.path.join(ROOT, path)):
            lines.append(f"messages.txt: there is no {path}")
    return lines
