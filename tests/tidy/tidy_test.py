#!/usr/bin/env python3
"""Each rule of scripts/tidy.py fires on a bad sample, and none on a good tree."""

import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
sys.dont_write_bytecode = True
import tidy  # noqa: E402

HEADER = "// A thing.\n\n#pragma once\n\n"


class TidyTest(unittest.TestCase):

    def complaints(self, files):
        """What tidy says of a tree of these files, path -> text."""
        with tempfile.TemporaryDirectory() as directory:
            root = Path(directory).resolve()
            for name, text in files.items():
                path = root / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
            return tidy.check(root)

    def says(self, files, *parts):
        found = self.complaints(files)
        self.assertTrue(any(all(part in line for part in parts) for line in found),
                        f"{parts} not in {found}")

    def silent(self, files):
        self.assertEqual(self.complaints(files), [])

    def test_a_good_tree_is_silent(self):
        self.silent({
            "src/base/a.h": HEADER + "#include <vector>\n",
            "src/base/a.cc": '#include "base/a.h"\n',
            "tests/unit/base/a_test.cc": "TEST(ATest, Holds) {}\n",
            "src/local/ring.h": HEADER + '#include "crdt/row.h"\n#include "base/a.h"\n',
            "src/io/loop.cc": "#include <thread>\nauto t = std::chrono::steady_clock::now();\n",
            "README.md": "# Title\n[docs](docs/a.md#some-words) [web](https://example.org)\n",
            "docs/a.md": "## Some words\n`[not](a-link)`\n",
            "docs/runbooks/kill.md": "Run by tests/unit/base/a_test.cc, ATest.Holds\n",
        })

    def test_a_file_over_its_size(self):
        self.silent({"src/io/a.cc": "int a;\n" * 400})
        self.says({"src/io/a.cc": "int a;\n" * 401}, "src/io/a.cc:401:", "at most 400")

    def test_a_private_name_that_a_neighbour_has_too(self):
        def keeps(what):
            return "namespace m {\nnamespace {\n\n" + what + "\n\n}  // namespace\n}\n"
        one = {"src/io/a.cc": keeps("constexpr int kFew = 1;")}
        self.silent({**one, "src/io/b.cc": keeps("constexpr int kMany = 1;")})
        self.silent({**one, "tests/io/b_test.cc": keeps("constexpr int kFew = 1;")})
        self.silent({**one, "src/io/b.cc": keeps("int F() {\n  constexpr int kFew = 1;\n}")})
        self.says({**one, "src/io/b.cc": keeps("const std::map<int, int> kFew{};")},
                  "src/io/b.cc:4:", "a.cc has a kFew of its own")
        self.says({"tests/sim/a_test.cc": keeps("struct World {};"),
                   "tests/scenario/b_test.cc": keeps("using World = int;")}, "World")

    def test_a_line_over_its_length(self):
        self.silent({"apps/a.cc": "// " + "a" * 97 + "\n"})
        self.says({"apps/a.cc": "\n// " + "a" * 98 + "\n"}, "apps/a.cc:2:", "101 columns")

    def test_a_function_over_its_size(self):
        def body(lines, head="void F(int a) {"):
            return "namespace m {\n" + head + "\n" + "  a();\n" * lines + "}\n}\n"
        self.silent({"src/io/a.cc": body(58)})
        heads = ["void F(int a) {", "Foo::Foo() : state_{}, b_{1} {", "TEST(A, B) {",
                 "template <class T>\nvoid F(T a) {", "struct A {\n  int F() const {",
                 "class B : public A {\n public:\n  B() {", "const auto f = [](int a) {"]
        for head in heads:
            closing = "}\n" if head.startswith(("struct", "class")) else ""
            self.says({"src/io/a.cc": body(59, head) + closing}, "a function of", "at most 60")

    def test_types_and_tables_have_no_function_size(self):
        lines = "  int a;\n" * 80
        self.silent({"src/io/a.h": HEADER + "template <class T>\nstruct A {\n" + lines + "};\n"})
        self.silent({"src/io/a.cc": "const int kTable[] = {\n" + "  1,\n" * 80 + "};\n"})

    def test_braces_in_literals_and_comments_do_not_count(self):
        self.silent({"src/io/a.cc": 'void F() {\n  a("{", \'{\', R"({)");  // {\n}\n' + "int b;\n" * 80})

    def test_a_header_opens_with_a_comment_and_pragma_once(self):
        self.says({"src/io/a.h": "#pragma once\n"}, "opens with a comment")
        self.says({"src/io/a.h": "// A thing.\n"}, "#pragma once")

    def test_words_of_unfinished_work(self):
        for word in tidy.SPLIT_WORDS:
            self.says({"src/io/a.cc": f"\n// {word}: later\n"}, "src/io/a.cc:2:", word)
        self.silent({"src/io/a.cc": 'char name[] = "/tmp/' + "X" * 6 + '";\n'})

    def test_layers(self):
        bad = [("base", "crdt/row.h"), ("crdt", "local/ring.h"), ("local", "wan/batch.h"),
               ("wan", "local/ring.h"), ("node", "io/loop.h"), ("io", "local/topology.h"),
               ("io", "node/ring_node.h"), ("sim", "io/loop.h"), ("client", "sim/network.h"),
               ("node", "sim/network.h"), ("base", "ids.h")]
        for folder, header in bad:
            self.says({f"src/{folder}/a.h": HEADER + f'#include "{header}"\n'},
                      f"src/{folder}/a.h:5:", header)
        self.silent({"src/io/a.cc": '#include "node/client_api.h"\n'})
        self.says({"src/new/a.h": HEADER}, "not in the layer table")

    def test_restricted_includes(self):
        bad = [("node", "zmq.hpp"), ("node", "rocksdb/db.h"), ("wan", "openssl/ssl.h"),
               ("client", "curl/curl.h"), ("node", "boost/asio.hpp"), ("wan", "zstd.h"),
               ("local", "thread"), ("node", "mutex"), ("crdt", "atomic"), ("sim", "future"),
               ("client", "sys/socket.h"), ("node", "unistd.h"), ("node", "fstream"),
               ("sim", "random"), ("local", "unordered_map"), ("local", "yaml-cpp/yaml.h"),
               ("wan", "nlohmann/json.hpp"), ("node", "CLI/CLI.hpp"), ("crdt", "cereal/cereal.hpp"),
               ("base", "cereal/cereal.hpp"), ("crdt", "xxhash.h"), ("node", "spdlog/spdlog.h"),
               ("node", "condition_variable"), ("sim", "prometheus/registry.h")]
        for folder, header in bad:
            self.says({f"src/{folder}/a.h": HEADER + f"#include <{header}>\n"},
                      f"src/{folder}/a.h:5:", f"<{header}>")
        self.silent({"src/base/codec.h": HEADER + "#include <cereal/cereal.hpp>\n"})
        self.silent({"src/client/a.h": HEADER + "#include <mutex>\n#include <CLI/CLI.hpp>\n"})
        self.silent({"apps/a.cc": "#include <thread>\n#include <nlohmann/json.hpp>\n"})

    def test_banned_calls(self):
        bad = ["std::chrono::steady_clock::now()", "std::chrono::system_clock::now()",
               "std::random_device seed", "rand()", "std::rand()", "time(nullptr)",
               "std::unordered_map<int, int> m", "std::unordered_set<int> s",
               "std::this_thread::sleep_for(1s)", "usleep(5)"]
        for call in bad:
            self.says({"src/sim/a.cc": f"\nvoid F() {{ {call}; }}\n"}, "src/sim/a.cc:2:")
            self.says({"tests/unit/base/a_test.cc": f"void F() {{ {call}; }}\n"}, "a_test.cc:1:")
            self.silent({"src/io/a.cc": f"void F() {{ {call}; }}\n"})
        self.silent({"src/sim/a.cc": "// not rand(), nor steady_clock::now()\nint b = operand(1);\n"})

    def test_a_source_without_a_unit_test(self):
        self.says({"src/base/a.cc": ""}, "has no tests/unit/base/a_test.cc")
        self.silent({"src/io/a.cc": "", "src/sim/a.cc": "", "src/client/a.cc": ""})

    def test_an_exemption_names_a_test_that_exists(self):
        tidy.UNTESTED_FILES["node/a.cc"] = "tests/scenario/a_test.cc"
        self.addCleanup(tidy.UNTESTED_FILES.pop, "node/a.cc")
        self.says({"src/node/a.cc": ""}, "exempt because of tests/scenario/a_test.cc")
        self.silent({"src/node/a.cc": "", "tests/scenario/a_test.cc": ""})

    def test_links_that_lead_nowhere(self):
        self.says({"README.md": "\n[a](docs/a.md)\n"}, "README.md:2:", "docs/a.md")
        self.says({"docs/adr/a.md": "[a](../b.md)\n"}, "docs/adr/a.md:1:", "../b.md")
        self.says({"README.md": "[a](#gone)\n# Here\n"}, "no heading #gone")

    def test_a_runbook_names_a_test_that_exists(self):
        self.says({"docs/runbooks/a.md": "Kill it.\n"}, "names no test")
        self.says({"docs/runbooks/a.md": "See tests/process/a_test.cc.\n"},
                  "names tests/process/a_test.cc")
        self.says({"docs/runbooks/a.md": "See KillTest.Survives.\n"}, "KillTest.Survives")
        self.silent({"docs/runbooks/README.md": "All of them.\n"})


if __name__ == "__main__":
    unittest.main()
