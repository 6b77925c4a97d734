#!/usr/bin/env python3
"""Checks what the compiler does not: sizes, layers, banned calls, links. Run by ctest.

    scripts/tidy.py [ROOT]      prints path:line: what is wrong and what to do; exit 1 if anything is

Every rule is a function from (File) or (Tree) to complaints; tests/tidy/tidy_test.py shows each of
them firing. Standard library only.
"""

import re
import sys
from pathlib import Path

MAX_FILE_LINES = 400
MAX_FUNCTION_LINES = 60
MAX_COLUMNS = 100

# What a folder of src/ may include, itself apart. A name with a dot is that one header.
LAYERS = {
    "base": [],
    "crdt": ["base"],
    "local": ["crdt", "base"],
    "wan": ["crdt", "base"],
    "node": ["local", "wan", "crdt", "base"],
    "io": ["base", "node/client_api.h", "node/metrics.h"],
    "sim": ["node", "local", "wan", "crdt", "base"],
    "client": ["io", "node", "local", "crdt", "base"],
}

# Headers that only some of src/ may include: pattern, where, what to do instead.
THREADING = "thread|shared_mutex|atomic|condition_variable|stop_token|semaphore|latch|barrier"
RESTRICTED_INCLUDES = [
    (r"zmq\.hpp?|zmq_addon\.hpp", ["io"], "go through io/transport.h"),
    (r"rocksdb/.*", ["io"], "take a Storage (base/ports.h)"),
    # What UTF-8 is, Boost.Locale says in a header without I/O.
    (r"(openssl|curl|boost(?!/locale/utf\.hpp)|spdlog|prometheus)/.*|zstd\.h", ["io"],
     "keep it behind src/io"),
    (rf"({THREADING})", ["io"], "machines are single-threaded; threads live in src/io"),
    (r"mutex|future", ["io", "client"], "machines are single-threaded; threads live in src/io"),
    (r"(sys|netinet|arpa|net|linux)/.*|(unistd|fcntl|poll|signal|netdb|spawn|pthread)\.h|csignal",
     ["io"], "the operating system is called from src/io only"),
    (r"filesystem|fstream", ["io"], "files are read and written in src/io only"),
    (r"random", ["io"], "take a Random& (base/random.h)"),
    (r"unordered_(map|set)", ["io"], "use std::map or a sorted vector: the order must not leak"),
    (r"yaml-cpp/.*", ["node"], "topology text is read in src/node"),
    (r"nlohmann/.*", ["node", "io", "client"], "JSON is for node, io and client"),
    (r"CLI/.*", ["client"], "command lines are for apps and client"),
    (r"cereal/.*", ["base/codec.h"], "use Encode and Decode of base/codec.h"),
    (r"xxhash\.h", ["base/hash.cc"], "use TokenOf and HashOf of base/hash.h"),
]

# Calls that make a run differ from the next: pattern, what to do instead.
BANNED_CALLS = [
    (r"\b(steady|system|high_resolution|utc)_clock\s*::\s*now\b", "take `now` as an argument"),
    (r"\bclock_gettime\b|\bgettimeofday\b|\btime\s*\(\s*(nullptr|NULL|0)\s*\)",
     "take `now` as an argument"),
    (r"\brandom_device\b|\bmt19937(_64)?\b|(?<![\w.>])s?rand\s*\(", "take a Random& (base/random.h)"),
    (r"\bunordered_(multi)?(map|set)\b", "use std::map or a sorted vector: the order must not leak"),
    (r"\bsleep_(for|until)\b|(?<![\w.>])u?sleep\s*\(",
     "return the wanted instant from NextDeadline; drivers in src/io wait"),
]
# They are fine here: real drivers, and the tests of real drivers and processes.
CALLS_ALLOWED = ["src/io", "tests/io", "tests/unit/io", "tests/process", "tests/fault",
                 "tests/support", "benchmarks"]

# src/<folder>/x.cc needs tests/unit/<folder>/x_test.cc; these folders are tested whole instead.
UNTESTED_FOLDERS = {"io": "tests/io", "sim": "tests/sim", "client": "tests/process"}
# Single files without a unit test of their own, each with the test that covers it.
UNTESTED_FILES = {
    # "node/example.cc": "tests/scenario/example_test.cc",
}

# Files of a folder are compiled at once (MERIDIAN_UNITY); some with those of another, some apart.
COMPILED_TOGETHER = {"tests/scenario": "tests/sim"}
COMPILED_APART = ["tests/unit/crdt", "tests/fuzz"]

SPLIT_WORDS = ["TO" + "DO", "FIX" + "ME", "X" * 3]


class File:
    """A source file: its text, and its code with comments and literals blanked out."""

    def __init__(self, root, path):
        self.path = path.relative_to(root).as_posix()
        self.text = path.read_text(encoding="utf-8")
        self.lines = self.text.splitlines()
        self.code = blank(self.text)

    def line_of(self, offset):
        return self.text.count("\n", 0, offset) + 1

    def at(self, line, what):
        return f"{self.path}:{line}: {what}"


LITERALS = re.compile(
    r"//[^\n]*"
    r"|/\*.*?\*/"
    r'|R"(?P<tag>[^\s()\\]{0,16})\(.*?\)(?P=tag)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9a-zA-Z_])'(?:\\.|[^'\\\n])+'",
    re.DOTALL)


def blank(text):
    """Comments and literals as spaces, the same length and lines."""
    return LITERALS.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)


# ---- rules on one C++ file


def file_size(file):
    if len(file.lines) > MAX_FILE_LINES:
        yield file.at(len(file.lines), f"{len(file.lines)} lines, at most {MAX_FILE_LINES}: split "
                                       "it by what changes together")


def line_length(file):
    for number, line in enumerate(file.lines, 1):
        if len(line) > MAX_COLUMNS:
            yield file.at(number, f"{len(line)} columns, at most {MAX_COLUMNS}")


def functions(code):
    """(start, end) offsets of every function body with its head, found by matching braces."""
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group()), code,
                  flags=re.MULTILINE)
    head = 0  # where the declaration now being read starts
    inside = 0  # depth of braces within a body or an initializer
    for match in re.finditer(r"[{};]", code):
        offset = match.start()
        if inside:
            inside += {"{": 1, "}": -1, ";": 0}[match.group()]
            if inside:
                continue
            if "(" in code[head:offset]:
                yield head + len(code[head:offset]) - len(code[head:offset].lstrip()), offset
            # `Foo() : a_{1}, b_{2} {` goes on after its braces, everything else has ended.
            if not re.match(r"\}\s*[,{)]", code[offset:offset + 200]):
                head = offset + 1
        elif match.group() == "{" and not opens_scope(code[head:offset]):
            inside = 1
        else:
            head = offset + 1


SCOPE = re.compile(r"\s*((public|private|protected)\s*:\s*)*(inline\s+)?(typedef\s+)?"
                   r"(namespace|class|struct|union|enum|extern\s)\b")


def opens_scope(head):
    """Whether a brace after this head opens a namespace or a type, rather than a body."""
    head = re.sub(r"^(\s*(public|private|protected)\s*:)+", "", head)
    template = re.match(r"\s*template\s*<", head)
    while template:
        depth, end = 1, template.end()
        while depth and end < len(head):
            depth += {"<": 1, ">": -1}.get(head[end], 0)
            end += 1
        head = head[end:]
        template = re.match(r"\s*template\s*<", head)
    return not head.strip() or bool(SCOPE.match(re.sub(r"^\s*requires\b[^\n]*", "", head)))


def function_size(file):
    for start, end in functions(file.code):
        first, last = file.line_of(start), file.line_of(end)
        if last - first + 1 > MAX_FUNCTION_LINES:
            yield file.at(first, f"a function of {last - first + 1} lines, at most "
                                 f"{MAX_FUNCTION_LINES}: give its steps names")


def header_comment(file):
    if file.path.endswith(".h"):
        if not file.text.startswith("//"):
            yield file.at(1, "a header opens with a comment: what it is, an example, its rules")
        if "#pragma once" not in file.lines:
            yield file.at(1, "a header has #pragma once")


def split_words(file):
    for number, line in enumerate(file.lines, 1):
        for word in SPLIT_WORDS:
            if re.search(rf"\b{word}\b", line):
                yield file.at(number, f"{word}: do it, or open an issue")


def folder_of(file):
    parts = file.path.split("/")
    return parts[1] if parts[0] == "src" and len(parts) > 2 else None


def layers(file):
    folder = folder_of(file)
    if folder is None:
        return
    if folder not in LAYERS:
        yield file.at(1, f"src/{folder} is not in the layer table of scripts/tidy.py")
        return
    for number, line in enumerate(file.lines, 1):
        match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
        if not match:
            continue
        target = match.group(1)
        owner = target.split("/")[0]
        if owner == folder or owner in LAYERS[folder] or target in LAYERS[folder]:
            continue
        allowed = ", ".join(LAYERS[folder]) or "nothing else"
        yield file.at(number, f'"{target}": src/{folder} may include {allowed}')


def restricted_includes(file):
    folder = folder_of(file)
    if folder is None:
        return
    for number, line in enumerate(file.lines, 1):
        match = re.match(r'\s*#\s*include\s+[<"]([^>"]+)[>"]', line)
        for pattern, places, instead in RESTRICTED_INCLUDES if match else []:
            if not re.fullmatch(pattern, match.group(1)):
                continue
            if folder not in places and file.path.removeprefix("src/") not in places:
                yield file.at(number, f"<{match.group(1)}> belongs to {', '.join(places)}: {instead}")


def banned_calls(file):
    if any(file.path.startswith(place + "/") for place in CALLS_ALLOWED):
        return
    for pattern, instead in BANNED_CALLS:
        for match in re.finditer(pattern, file.code):
            start = file.code.rfind("\n", 0, match.start()) + 1
            if file.code[start:].lstrip().startswith("#"):
                continue  # an include: said already
            yield file.at(file.line_of(match.start()), f"{match.group().strip()}: {instead}")


FILE_RULES = [file_size, line_length, function_size, header_comment, split_words, layers,
              restricted_includes, banned_calls]


# ---- rules on the whole tree


def unit_tests(root):
    for source in sorted(root.glob("src/*/*.cc")):
        folder, name = source.parent.name, f"{source.parent.name}/{source.name}"
        test = f"tests/unit/{folder}/{source.stem}_test.cc"
        if folder in UNTESTED_FOLDERS or (root / test).exists():
            continue
        if name in UNTESTED_FILES:
            if not (root / UNTESTED_FILES[name]).exists():
                yield f"src/{name}:1: exempt because of {UNTESTED_FILES[name]}, which is not there"
            continue
        yield f"src/{name}:1: has no {test}"


def prose(root):
    return sorted(root.glob("*.md")) + sorted(root.glob("docs/**/*.md"))


def anchors(path):
    """The names that links into a page may use after '#', as forges derive them from headings."""
    text = re.sub(r"```.*?```", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    headings = re.findall(r"^#+\s+(.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
            for heading in headings}


def markdown_links(root):
    for page in prose(root):
        text = page.read_text(encoding="utf-8")
        code = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
        text = code.sub(lambda match: re.sub(r"[^\n]", " ", match.group()), text)
        for match in re.finditer(r"\]\(\s*<?([^)\s>]+)>?[^)]*\)", text):
            link, _, anchor = match.group(1).partition("#")
            if re.match(r"[a-z]+:", link):
                continue
            where = f"{page.relative_to(root).as_posix()}:{text.count(chr(10), 0, match.start()) + 1}"
            target = page if not link else root / link[1:] if link[0] == "/" else page.parent / link
            if not target.exists():
                yield f"{where}: the link to {link} leads nowhere"
            elif anchor and target.suffix == ".md" and anchor not in anchors(target):
                yield f"{where}: {link or 'this page'} has no heading #{anchor}"


def runbooks(root):
    cases = set()
    for source in root.glob("tests/**/*_test.cc"):
        cases.update(".".join(case) for case in re.findall(
            r"^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\)", source.read_text(encoding="utf-8"), re.M))
    for page in sorted(root.glob("docs/runbooks/*.md")):
        if page.name == "README.md":
            continue
        where = page.relative_to(root).as_posix()
        text = page.read_text(encoding="utf-8")
        files = re.findall(r"\btests/[\w./-]*\w", text)
        for name in files:
            if not (root / name).exists():
                yield f"{where}:1: names {name}, which is not there"
        named = re.findall(r"\b(\w+Test\.\w+)\b", text)
        for name in named:
            if name not in cases:
                yield f"{where}:1: names the test {name}, which is not there"
        if not files and not named:
            yield f"{where}:1: names no test that runs it: a path in tests/, or Suite.Case"


# What a file keeps for itself: `namespace {` ... `}  // namespace`, and in it types and constants.
UNNAMED = re.compile(r"^namespace \{\n(.*?)^\}  // namespace\n", re.DOTALL | re.MULTILINE)
PRIVATE_NAME = re.compile(r"^(?:(?:struct|class|enum|enum class) (\w+)|using (\w+) ="
                          r"|(?:constexpr|const) [^;={(]*\b(\w+)(?:\[\w*\])?\s*[={])", re.MULTILINE)


def private_names(root):
    first = {}
    for source in sorted(root.glob("src/**/*.cc")) + sorted(root.glob("tests/**/*.cc")):
        folder = source.parent.relative_to(root).as_posix()
        if folder in COMPILED_APART:
            continue
        together = COMPILED_TOGETHER.get(folder, folder)
        text = source.read_text(encoding="utf-8")
        for body in UNNAMED.finditer(text):
            for match in PRIVATE_NAME.finditer(body.group(1)):
                name = next(group for group in match.groups() if group)
                line = text.count("\n", 0, body.start(1) + match.start()) + 1
                other = first.setdefault((together, name), source)
                if other != source:
                    yield (f"{folder}/{source.name}:{line}: {other.name} has a {name} of its own, and "
                           "both are compiled at once: share it, or give it a name that says more")


TREE_RULES = [unit_tests, private_names, markdown_links, runbooks]


def check(root):
    """Every complaint about the tree at `root`."""
    complaints = []
    for top in ["src", "apps", "tests", "benchmarks"]:
        for path in sorted((root / top).glob("**/*")):
            if path.suffix in (".h", ".cc"):
                file = File(root, path)
                for rule in FILE_RULES:
                    complaints.extend(rule(file))
    for rule in TREE_RULES:
        complaints.extend(rule(root))
    return complaints


def main():
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent).resolve()
    complaints = check(root)
    for complaint in complaints:
        print(complaint)
    if complaints:
        sys.exit(f"tidy: {len(complaints)} complaints")


if __name__ == "__main__":
    main()
