"""What a program asks of the Engine for a project, in a form that two programs' answers can be
compared in: the calls that change something, their queries and bodies, without what has to differ.

Read by test_calls.py, whose projects are in e2e/calls.txt (its head says how they are written).
"""

import base64
import io
import json
import re
import tarfile

import yaml

MARK = re.compile(r"«([^«»¦]*)¦([^«»¦]*)(?:¦([^«»]*))?»")

# Fields where an empty value, 0 or false says something else than no value: pointers in the Engine's types.
TELLING = {"Cmd", "Entrypoint", "Test", "MaskedPaths", "ReadonlyPaths", "Init", "MemorySwappiness",
           "PidsLimit", "StopTimeout", "EnableIPv4", "EnableIPv6", "HostConfig"}
# Lists that are sets for the Engine, or that docker compose itself writes in no fixed order.
SETS = {"Env", "ExtraHosts", "Ulimits", "Mounts", "Binds", "Links", "Aliases", "CapAdd", "CapDrop"}
# Left out: what the Engine ignores in a request.
IGNORED = {"CheckDuplicate",             # since API 1.44; see below for older ones
           "IPAddress", "IPv6Gateway"}   # of an endpoint: what the Engine tells, not what it is told


class Change:
    """One value that changes: the text with the new one, its place and its path."""

    def __init__(self, case, match, field):
        self.old, self.new = match.group(1), match.group(2)
        self.text, start = case.text(match.start())
        self.line = self.text.count("\n", 0, start) + 1
        self.column = start - self.text.rfind("\n", 0, start)
        self.path = path_of(self.text, start) if self.new else path_of(*case.text(match.start(), old=True))
        self.field = None if field == "-" else field or self.path
        self.start = start

    def places(self, whole=False):
        """(line, column) of what a reason may point at: the value, what is in it, what it stands in
        (down to the attribute, or to the object when the value is as good as none)."""
        out = set()

        def walk(node, path):
            inside = self.start <= node.start_mark.index < self.start + len(self.new)
            around = node.start_mark.index <= self.start < max(node.end_mark.index, node.start_mark.index + 1)
            if inside or around and (whole or path.count(".") >= (2 if path.startswith("services") else 1)):
                out.add((node.start_mark.line + 1, node.start_mark.column + 1))
            for k, v in node.value if isinstance(node, yaml.MappingNode) else []:
                if whole and v.start_mark.index <= self.start < v.end_mark.index:
                    out.add((k.start_mark.line + 1, k.start_mark.column + 1))
                walk(v, (path + "." if path else "") + k.value)
            for v in node.value if isinstance(node, yaml.SequenceNode) else []:
                walk(v, path + "[]")
        walk(yaml.compose(self.text, Loader=yaml.SafeLoader), "")
        return out


class Case:
    def __init__(self, block):
        self.name, _, rest = block.partition("\n")
        lines = rest.splitlines()
        self.options = [l[2:].split(" ", 1) for l in lines if l.startswith("! ")]
        body = "\n".join(l for l in lines if not l.startswith("! "))
        if not re.search(r"^services:", body, re.M):
            alone = not re.search(r"^(network_mode|mac_address|links|ports):", body, re.M) and self.name != "plain"
            body = ("services:\n  app:\n    image: stand-in:1\n%s" % ("    network_mode: none\n" if alone else "")
                    + re.sub(r"(?m)^(?=.)", "    ", body))
        self.marked = body + "\n"
        self.changes = [Change(self, m, m.group(3)) for m in MARK.finditer(self.marked)]

    def option(self, word):
        return [o[1] if len(o) > 1 else True for o in self.options if o[0] == word]

    def text(self, changed=None, old=False):
        """The text, with the new value of the mark at an offset; alone without one, else (text, where it
        stands now)."""
        out, last, where = "", 0, None
        for m in MARK.finditer(self.marked):
            out += self.marked[last:m.start()]
            if m.start() == changed:
                where = len(out)
            out += m.group(2) if m.start() == changed and not old else m.group(1)
            last = m.end()
        out += self.marked[last:]
        return out if changed is None else (out, where)


def read_cases(path):
    return [Case(b) for b in path.read_text().split("\n--- ")[1:]]


def path_of(text, offset):
    """The dotted path of the value that begins at an offset, or of the nearest around it."""
    best = ""

    def walk(node, path):
        nonlocal best
        if node.start_mark.index <= offset < max(node.end_mark.index, node.start_mark.index + 1):
            best = path
        if isinstance(node, yaml.MappingNode):
            for k, v in node.value:
                walk(v, (path + "." if path else "") + k.value)
                if k.start_mark.index == offset:
                    best = (path + "." if path else "") + k.value
        elif isinstance(node, yaml.SequenceNode):
            for i, v in enumerate(node.value):
                walk(v, "%s[%d]" % (path, i))
    walk(yaml.compose(text, Loader=yaml.SafeLoader), "")
    return best


# -- calls


def archive(data):
    """The files of a tar archive, in order of name."""
    out = []
    with tarfile.open(fileobj=io.BytesIO(data)) as t:
        for m in t.getmembers():
            if m.isfile():
                text = t.extractfile(m).read().decode(errors="replace")
                if m.name.endswith(".json"):
                    text = json.dumps(json.loads(text))
                out.append({"path": m.name.lstrip("/"), "mode": "%04o" % m.mode, "uid": m.uid, "gid": m.gid,
                            "content": text})
    return sorted(out, key=lambda f: f["path"])


def plain(value, key=None):
    """Without what is as good as not said, sets in order."""
    if isinstance(value, dict):
        out = {k: plain(v, k) for k, v in sorted(value.items())}
        keep_empty = key in ("ExposedPorts", "PortBindings", "Volumes", "EndpointsConfig", "Tmpfs", "Labels",
                             "Options", "DriverOpts", "Config", "Sysctls", "Annotations")
        return {k: v for k, v in out.items() if k not in IGNORED and (
            keep_empty or k in TELLING and v is not None or v not in (None, "", 0, False, [], {}, [0, 0]))}
    if isinstance(value, list):
        items = [plain(v) for v in value]
        if key in SETS:
            items = [json.loads(t) for t in sorted({json.dumps(v, sort_keys=True) for v in items})]
        return items
    return value


class Names:
    """The names of what has ids, so that calls can be told apart without them."""

    def __init__(self):
        self.ids = {}

    def note(self, call):
        if call.status and call.status < 300 and call.method == "POST" and call.path.endswith("/create"):
            name = call.query.get("name") or (call.json or {}).get("Name") or "(unnamed)"
            self._add(call, name)
        if call.method == "POST" and call.path.endswith("/exec"):
            self._add(call, "(exec)")
        for m in re.finditer(rb'"Id":"([0-9a-f]{64})","Names":\["/([^"]+)"', call.response or b""):
            self.ids.setdefault(m.group(1).decode(), m.group(2).decode())

    def _add(self, call, name):
        try:
            i = json.loads(call.response).get("Id")
        except ValueError:
            return
        if i:
            self.ids[i] = name

    def replace(self, text):
        for i, name in self.ids.items():
            text = text.replace(i, name)
        return text


def labels_of(items, what):
    """The config-hash labels that things were created with: {name: hash}."""
    out = {}
    for i in items:
        if i["call"] == "POST /%s/create" % what:
            name = i.get("query", {}).get("name") or i["body"].get("Name")
            out[name] = i["body"]["Labels"].get("com.docker.compose.config-hash")
    return out


def sort_label(text):
    return ",".join(sorted(text.split(",")))


def record(calls, folder):
    """The calls that change something, as JSON, in an order that does not depend on when they were sent."""
    names, out = Names(), []
    for c in calls:
        names.note(c)
    for c in calls:
        if not c.mutating:
            continue
        item = {"call": "%s %s" % (c.method, c.path)}
        if c.query:
            item["query"] = dict(c.query)
        body = c.body
        if c.method == "PUT" and c.path.endswith("/archive"):
            item["files"] = archive(body)
        elif c.path == "/build":
            item["query"] = {k: json.loads(v) if v[:1] in "{[" else v for k, v in item["query"].items() if v}
        elif body:
            item["body"] = plain(json.loads(body))
            labels = item["body"].get("Labels", {})
            if "com.docker.compose.depends_on" in labels:
                labels["com.docker.compose.depends_on"] = sort_label(labels["com.docker.compose.depends_on"])
        for h in ("x-registry-auth", "x-registry-config"):
            if c.headers.get(h):
                item[h] = json.loads(base64.urlsafe_b64decode(c.headers[h] + "=="))
        text = names.replace(json.dumps(item, sort_keys=True))
        out.append(json.loads(text.replace(str(folder), "$DIR")))
    return sorted(join_archives(out), key=lambda i: json.dumps(i, sort_keys=True))


def join_archives(items):
    """Files that are unpacked by several calls in the same way as if it had been one."""
    out, by_call = [], {}
    for i in items:
        if "files" not in i:
            out.append(i)
            continue
        key = json.dumps([i["call"], i["query"]], sort_keys=True)
        if key in by_call:
            by_call[key]["files"] = sorted(by_call[key]["files"] + i["files"], key=lambda f: f["path"])
        else:
            by_call[key] = i
            out.append(i)
    return out


def differences(ours, theirs):
    """What differs between two records, one line each: PATH: OURS, THEIRS."""
    out = []

    def key(item):
        body, query = item.get("body") or {}, item.get("query") or {}
        return (item["call"], query.get("name") or body.get("Name") or body.get("Container") or body.get("Image")
                or query.get("copyUIDGID") or json.dumps(body.get("Cmd")))

    def compare(path, a, b):
        if isinstance(a, dict) and isinstance(b, dict):
            for k in sorted(set(a) | set(b)):
                compare("%s.%s" % (path, k), a.get(k), b.get(k))
        elif a != b:
            out.append("%s: %s, docker compose: %s" % (path, json.dumps(a), json.dumps(b)))

    mine, other = {}, {}
    for items, by_key in ((ours, mine), (theirs, other)):
        for i in items:
            k = key(i)
            while k in by_key:
                k += ("again",)
            by_key[k] = i
    for k in sorted(set(mine) | set(other), key=repr):
        name = " ".join(str(x) for x in k if x)
        if k not in mine:
            out.append("%s: only docker compose: %s" % (name, json.dumps(other[k])))
        elif k not in other:
            out.append("%s: only ours: %s" % (name, json.dumps(mine[k])))
        else:
            compare(name, mine[k], other[k])
    return out
