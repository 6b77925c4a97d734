#include "node/topology_text.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

namespace meridian::node {
namespace {

using local::Topology;

// Line 1 is "epoch". Each test spoils one place of it.
const char* const kGood = R"(epoch: 7
partitions: 64
regions:
  us-east:
    id: 1
    nodes:
      us-east-2: {id: 2, rack: b, host: 127.0.0.1, http: 7102, ring: 7112, client: 7122}
      us-east-1: {id: 1, rack: a, host: 127.0.0.1, http: 7101, ring: 7111, client: 7121, weight: 50}
    gateways:
      us-east-gw-1: {id: 1, host: 127.0.0.1, http: 7109, ring: 7119, wan: 7129}
  eu-west:
    id: 2
    nodes:
      eu-west-1: {id: 1, rack: a, host: 127.0.0.1, http: 7201, ring: 7211, client: 7221}
    gateways:
      eu-west-gw-1: {id: 1, host: 127.0.0.1, http: 7209, ring: 7219, wan: 7229}
placements:
  everywhere: {id: 1, replicas: {us-east: 2, eu-west: 1}}
namespaces:
  default: {id: 1, placement: everywhere, type: register, policy: siblings, durability: sync}
  packages: {id: 2, placement: everywhere, policy: lww, durability: os}
limits: {key_bytes: 512, value_bytes: 4096}
)";

std::string Replaced(const std::string& from, const std::string& to) {
  std::string text = kGood;
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

// Every mistake as "f:line: text", or "" for a good topology.
std::string MistakesIn(const std::string& text) {
  const auto parsed = ParseTopology(text);
  const auto* mistakes = std::get_if<std::vector<TopologyMistake>>(&parsed);
  return mistakes == nullptr ? "" : FormatMistakes("f", *mistakes);
}

std::string MistakesAfter(const std::string& from, const std::string& to) {
  return MistakesIn(Replaced(from, to));
}

std::string FileText(const std::string& name) {
  std::ifstream file(std::string(MERIDIAN_SOURCE_DIR) + "/config/topologies/" + name);
  return {std::istreambuf_iterator<char>(file), {}};
}

TEST(TopologyTextTest, ReadsEveryField) {
  const auto parsed = ParseTopology(kGood);
  const Topology* topology = std::get_if<Topology>(&parsed);
  ASSERT_NE(topology, nullptr) << MistakesIn(kGood);
  EXPECT_EQ(topology->epoch, Epoch{7});
  EXPECT_EQ(topology->partitions(), 64U);
  EXPECT_EQ(topology->limits.key_bytes, 512U);
  EXPECT_EQ(topology->limits.value_bytes, 4096U);
  const local::Region& us = topology->regions.at(0);
  EXPECT_EQ(us.name, "us-east");
  EXPECT_EQ(us.nodes.at(0).name, "us-east-1") << "ascending id, whatever the order of the file";
  EXPECT_EQ(us.nodes.at(0).weight, 50U);
  EXPECT_EQ(us.nodes.at(1).weight, 100U);
  EXPECT_EQ(us.nodes.at(1).rack, "b");
  EXPECT_EQ(us.nodes.at(1).http.host, "127.0.0.1");
  EXPECT_EQ(us.nodes.at(1).http.port, 7102);
  EXPECT_EQ(us.nodes.at(1).ring.port, 7112);
  EXPECT_EQ(us.nodes.at(1).client.port, 7122);
  EXPECT_EQ(us.gateways.at(0).http.port, 7109);
  EXPECT_EQ(us.gateways.at(0).ring.port, 7119);
  EXPECT_EQ(us.gateways.at(0).wan.port, 7129);
  EXPECT_EQ(topology->placements.at(0).replicas.at({1}), 2U);
  EXPECT_EQ(topology->placements.at(0).replicas.at({2}), 1U);
  const local::Namespace* packages = topology->FindNamespace("packages");
  ASSERT_NE(packages, nullptr);
  EXPECT_EQ(packages->id, NamespaceId{2});
  EXPECT_EQ(packages->placement, PlacementId{1});
  EXPECT_EQ(packages->policy, local::Policy::kLww);
  EXPECT_EQ(packages->durability, local::Durability::kOs);
  EXPECT_EQ(topology->namespaces.at(0).policy, local::Policy::kSiblings);
  EXPECT_EQ(topology->namespaces.at(0).durability, local::Durability::kSync);
}

TEST(TopologyTextTest, TheSandboxIsThreeRegionsAtTheDocumentedPorts) {
  const auto parsed = ParseTopology(FileText("three-regions.yaml"));
  const Topology* topology = std::get_if<Topology>(&parsed);
  ASSERT_NE(topology, nullptr) << MistakesIn(FileText("three-regions.yaml"));
  EXPECT_EQ(topology->partitions(), 256U);
  ASSERT_EQ(topology->regions.size(), 3U);
  std::uint16_t base = 7100;
  for (const local::Region& region : topology->regions) {
    ASSERT_EQ(region.nodes.size(), 3U);
    ASSERT_EQ(region.gateways.size(), 1U);
    EXPECT_EQ(region.nodes[0].http.port, base + 1);
    EXPECT_EQ(region.nodes[2].http.port, base + 3);
    EXPECT_EQ(region.gateways[0].http.port, base + 9);
    EXPECT_EQ(region.gateways[0].name, region.name + "-gw-1");
    EXPECT_EQ(topology->placements.at(0).replicas.at(region.id), 3U);
    base = static_cast<std::uint16_t>(base + 100);
  }
  EXPECT_EQ(topology->FindNamespace("packages")->policy, local::Policy::kLww);
}

TEST(TopologyTextTest, TheOneRegionFileIsValidAndHasNoGateways) {
  const auto parsed = ParseTopology(FileText("one-region.yaml"));
  const Topology* topology = std::get_if<Topology>(&parsed);
  ASSERT_NE(topology, nullptr) << MistakesIn(FileText("one-region.yaml"));
  ASSERT_EQ(topology->regions.size(), 1U);
  EXPECT_EQ(topology->regions[0].nodes.size(), 3U);
  EXPECT_TRUE(topology->regions[0].gateways.empty());
}

TEST(TopologyTextTest, AnUnknownKeyIsAnsweredWithTheNearest) {
  EXPECT_EQ(MistakesAfter("weight: 50", "wieght: 50"),
            "f:8: node us-east-1: unknown key \"wieght\"; did you mean \"weight\"?\n");
  EXPECT_EQ(MistakesAfter("limits:", "limts:"),
            "f:22: topology: unknown key \"limts\"; did you mean \"limits\"?\n");
  EXPECT_EQ(
      MistakesAfter("weight: 50", "colour: red"),
      "f:8: node us-east-1: unknown key \"colour\"; the keys here are id, rack, weight, host, "
      "http, ring or client\n");
}

TEST(TopologyTextTest, AMissingKeyIsToldWithWhatToAdd) {
  EXPECT_EQ(MistakesAfter("{id: 2, rack: b, ", "{rack: b, "),
            "f:7: node us-east-2: \"id\" is missing; add a whole number from 1 to 4194303\n");
  EXPECT_EQ(MistakesAfter("epoch: 7", ""),
            "f:1: topology: \"epoch\" is missing; add a whole number from 1 to "
            "9223372036854775807\n");
  EXPECT_EQ(MistakesAfter("host: 127.0.0.1, http: 7101, ", "http: 7101, "),
            "f:8: node us-east-1: \"host\" is missing; add a host name or an address, such as "
            "127.0.0.1\n");
}

TEST(TopologyTextTest, WhatMustBeUniqueIsToldWithBothLines) {
  EXPECT_EQ(MistakesAfter("us-east-1: {id: 1", "us-east-1: {id: 2"),
            "f:8: node us-east-1: id 2 of a node in us-east is already taken on line 7; choose "
            "another\n");
  EXPECT_EQ(MistakesAfter("eu-west-1:", "us-east-1:"),
            "f:14: node us-east-1: the name \"us-east-1\" of a process is already taken on line 8; "
            "choose another\n");
  EXPECT_EQ(MistakesAfter("ring: 7211", "ring: 7121"),
            "f:14: node eu-west-1: port 7121 of \"127.0.0.1\" is already taken on line 8; choose "
            "another\n");
  EXPECT_EQ(MistakesAfter("    id: 2\n", "    id: 1\n"),
            "f:12: region eu-west: id 1 of a region is already taken on line 5; choose another\n");
  EXPECT_EQ(MistakesAfter("packages: {id: 2", "packages: {id: 1"),
            "f:21: namespace packages: id 1 of a namespace is already taken on line 20; choose "
            "another\n");
}

TEST(TopologyTextTest, TheSamePortOnAnotherHostIsFine) {
  EXPECT_EQ(MistakesAfter("host: 127.0.0.1, http: 7201", "host: 127.0.0.2, http: 7101"), "");
}

TEST(TopologyTextTest, ARepeatedKeyIsAMistake) {
  EXPECT_EQ(MistakesAfter("rack: b, ", "rack: b, rack: c, "),
            "f:7: node us-east-2: key \"rack\" is already given on line 7; keep one of the two\n");
}

TEST(TopologyTextTest, NumbersHaveRanges) {
  const auto refuses = [](const std::string& from, const std::string& to, const char* range) {
    const std::string told = MistakesAfter(from, to);
    EXPECT_NE(told.find(std::string("must be a whole number from ") + range), std::string::npos)
        << to << ": " << told;
  };
  refuses("http: 7101", "http: 0", "1 to 65535");
  refuses("http: 7101", "http: 65536", "1 to 65535");
  refuses("http: 7101", "http: -1", "1 to 65535");
  refuses("http: 7101", "http: 0x10", "1 to 65535");
  refuses("http: 7101", "http: 99999999999999999999999", "1 to 65535");
  refuses("    id: 2\n", "    id: 1024\n", "1 to 1023");
  refuses("{id: 2, rack", "{id: 4194304, rack", "1 to 4194303");
  refuses("partitions: 64", "partitions: 8192", "16 to 4096");
  refuses("partitions: 64", "partitions: 8", "16 to 4096");
  refuses("weight: 50", "weight: 10001", "0 to 10000");
  refuses("us-east: 2", "us-east: 0", "1 to 32");
  refuses("key_bytes: 512", "key_bytes: 1025", "1 to 1024");
  refuses("value_bytes: 4096", "value_bytes: 4194305", "1 to 4194304");
  refuses("epoch: 7", "epoch: 0", "1 to 9223372036854775807");
  refuses("epoch: 7", "epoch: [7]", "1 to 9223372036854775807");
}

TEST(TopologyTextTest, PartitionsAreAPowerOfTwo) {
  EXPECT_EQ(MistakesAfter("partitions: 64", "partitions: 100"),
            "f:2: topology: \"partitions\" is 100; it must be a power of two, such as 64\n");
  EXPECT_EQ(MistakesAfter("partitions: 64", "partitions: 4096"), "");
}

TEST(TopologyTextTest, ReferencesResolve) {
  EXPECT_EQ(
      MistakesAfter("eu-west: 1}", "eu-wst: 1}"),
      "f:18: placement everywhere: there is no region \"eu-wst\"; did you mean \"eu-west\"?\n");
  EXPECT_EQ(MistakesAfter("placement: everywhere, policy: lww", "placement: mars, policy: lww"),
            "f:21: namespace packages: there is no placement \"mars\"; name one of "
            "\"placements\"\n");
}

TEST(TopologyTextTest, APlacementFitsTheNodesThatMayHoldSomething) {
  EXPECT_EQ(
      MistakesAfter("weight: 50", "weight: 0"),
      "f:18: placement everywhere: 2 copies in us-east, which has 1 nodes with a weight above "
      "0; lower it or add nodes\n");
}

TEST(TopologyTextTest, RegionsThatShareAPlacementNeedGateways) {
  EXPECT_EQ(MistakesAfter("    gateways:\n      eu-west-gw-1: {id: 1, host: 127.0.0.1, http: 7209, "
                          "ring: 7219, wan: 7229}\n",
                          ""),
            "f:16: placement everywhere: eu-west shares this placement with other regions but has "
            "no gateway; add one under its \"gateways\"\n");
}

TEST(TopologyTextTest, ADefaultNamespaceIsRequired) {
  const std::string told = MistakesAfter("  default:", "  fallback:");
  EXPECT_NE(told.find("f:19: topology: there is no namespace \"default\""), std::string::npos)
      << told;
}

TEST(TopologyTextTest, TypesOfLaterReleasesAreNamedAsSuch) {
  EXPECT_EQ(MistakesAfter("type: register", "type: counter"),
            "f:20: namespace default: type counter is not in this release; use register\n");
  EXPECT_EQ(MistakesAfter("type: register", "type: blob"),
            "f:20: namespace default: \"type\" is \"blob\"; it must be register\n");
  EXPECT_EQ(MistakesAfter("policy: lww", "policy: last"),
            "f:21: namespace packages: \"policy\" is \"last\"; it must be siblings or lww\n");
  EXPECT_EQ(MistakesAfter("durability: os", "durability: none"),
            "f:21: namespace packages: \"durability\" is \"none\"; it must be sync or os\n");
}

TEST(TopologyTextTest, NamesAndHostsAreChecked) {
  EXPECT_EQ(
      MistakesAfter("  packages:", "  Packages_1:"),
      "f:21: namespace Packages_1: \"Packages_1\" cannot be the name of a namespace; use 1 to "
      "32 characters of a-z, 0-9 and '-'\n");
  EXPECT_EQ(MistakesAfter("rack: a, host: 127.0.0.1, http: 7201", "rack: a, host: a/b, http: 7201"),
            "f:14: node eu-west-1: \"host\" is \"a/b\"; it must be a host name or an address\n");
  const std::string long_name(33, 'x');
  EXPECT_NE(MistakesAfter("rack: b", "rack: " + long_name).find("\"rack\" is"), std::string::npos);
  EXPECT_EQ(MistakesAfter("rack: b", "rack: " + long_name.substr(1)), "");
}

TEST(TopologyTextTest, AllMistakesAreToldInTheOrderOfTheFile) {
  std::string text = Replaced("epoch: 7", "epoch: no");
  text.replace(text.find("rack: b"), 7, "rakc: b");
  text.replace(text.find("id: 2, placement"), 16, "id: 0, placement");
  EXPECT_EQ(
      MistakesIn(text),
      "f:1: topology: \"epoch\" is \"no\"; it must be a whole number from 1 to "
      "9223372036854775807\n"
      "f:7: node us-east-2: \"rack\" is missing; add a name: 1 to 32 characters of a-z, 0-9 "
      "and '-'\n"
      "f:7: node us-east-2: unknown key \"rakc\"; did you mean \"rack\"?\n"
      "f:21: namespace packages: \"id\" is \"0\"; it must be a whole number from 1 to 65535\n");
}

TEST(TopologyTextTest, WrongShapesAreMistakesNotCrashes) {
  for (const char* text : {"[]", "42", "~", "regions: 3", "regions: [a, b]", "regions: {a: 1}",
                           "regions: {a: {nodes: {b: [1]}}}", "{[1, 2]: 3}", "limits: ~",
                           "placements: {p: {id: 1, replicas: [x]}}", "&a {epoch: 1, regions: *a}",
                           "&a {regions: *a, placements: *a, namespaces: *a, limits: *a}"}) {
    EXPECT_NE(MistakesIn(text), "") << text;
  }
}

TEST(TopologyTextTest, EveryTruncationIsAnsweredWithoutACrash) {
  const std::string good = kGood;
  for (std::size_t size = 0; size < good.size(); ++size) {
    const auto parsed = ParseTopology(good.substr(0, size));
    if (const auto* mistakes = std::get_if<std::vector<TopologyMistake>>(&parsed)) {
      ASSERT_FALSE(mistakes->empty()) << size;
      for (const TopologyMistake& mistake : *mistakes) ASSERT_GE(mistake.line, 1) << size;
    }
  }
}

TEST(TopologyTextTest, BadYamlIsToldWithItsLine) {
  const std::string told = MistakesAfter("wan: 7129}", "wan: 7129");
  EXPECT_EQ(told.substr(0, 4), "f:11") << told;
  EXPECT_NE(told.find("this is not YAML: "), std::string::npos) << told;
}

TEST(TopologyTextTest, DeepNestingIsRefused) {
  EXPECT_NE(MistakesIn(std::string(100'000, '[')), "");
  EXPECT_NE(MistakesIn(std::string(100'000, '{')), "");
}

TEST(TopologyTextTest, AnEmptyOrHugeOrDoubleFileIsRefused) {
  EXPECT_NE(MistakesIn("").find("f:1: the file is empty"), std::string::npos);
  EXPECT_NE(MistakesIn("# only a comment\n").find("f:1: the file is empty"), std::string::npos);
  EXPECT_NE(MistakesIn(std::string(kTopologyBytesMax + 1, ' ')).find("at most 1048576"),
            std::string::npos);
  EXPECT_NE(MistakesIn(std::string(kGood) + "---\n" + kGood).find("more than one YAML document"),
            std::string::npos);
  EXPECT_NE(MistakesIn(std::string(", wan\n") + kGood), "");
}

TEST(TopologyTextTest, BytesThatAreNotUtf8AreAMistakeInTheirLine) {
  EXPECT_EQ(MistakesIn("epoch: 1\n# Z\xfcrich\n"),
            "f:2: this is not UTF-8 text; save the file as UTF-8\n");
}

TEST(TopologyTextTest, WhatTheFileSaysIsShownShortAndPrintable) {
  const std::string told =
      MistakesAfter("rack: b", "rack: \"\\e[31m" + std::string(500, 'x') + '"');
  EXPECT_LT(told.size(), 250U);
  EXPECT_EQ(told.find('\x1b'), std::string::npos);
}

}  // namespace
}  // namespace meridian::node
