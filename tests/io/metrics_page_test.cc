#include "io/metrics_page.h"

#include <gtest/gtest.h>

#include <chrono>

namespace meridian::io {
namespace {

using node::Metric;
using node::MetricKind;

bool Has(const std::string& page, const std::string& line) {
  return ("\n" + page).find("\n" + line + "\n") != std::string::npos;
}

TEST(MetricsPageTest, ShowsCountersAndGaugesWithHelpAndLabels) {
  const std::string page = MetricsPage(
      {{{Metric{MetricKind::kCounter, "meridian_puts_total", "Puts.", {{"level", "one"}}, 3},
         Metric{MetricKind::kGauge, "meridian_lag_seconds", "Lag.", {}, -2}}}},
      {});
  EXPECT_TRUE(Has(page, "# HELP meridian_puts_total Puts."));
  EXPECT_TRUE(Has(page, "# TYPE meridian_puts_total counter"));
  EXPECT_TRUE(Has(page, "meridian_puts_total{level=\"one\"} 3")) << page;
  EXPECT_TRUE(Has(page, "# TYPE meridian_lag_seconds gauge"));
  EXPECT_TRUE(Has(page, "meridian_lag_seconds -2")) << page;
}

TEST(MetricsPageTest, OneNameFromSeveralSetsIsOneFamily) {
  const auto set = [](const char* peer, std::int64_t value) {
    return node::MetricSet{
        {Metric{MetricKind::kGauge, "meridian_up", "Up.", {{"peer", peer}}, value}}};
  };
  const std::string page = MetricsPage({set("a", 1), set("b", 0)}, {});
  const std::string type = "# TYPE meridian_up gauge";
  EXPECT_EQ(page.find(type), page.rfind(type));
  EXPECT_TRUE(Has(page, "meridian_up{peer=\"a\"} 1"));
  EXPECT_TRUE(Has(page, "meridian_up{peer=\"b\"} 0"));
}

TEST(MetricsPageTest, WhatALabelHoldsCannotBreakThePage) {
  const std::string page = MetricsPage(
      {{{Metric{MetricKind::kGauge, "meridian_x", "two\nlines", {{"key", "a\"b\\c\nd"}}, 1}}}}, {});
  EXPECT_TRUE(Has(page, "# HELP meridian_x two lines"));
  EXPECT_TRUE(Has(page, R"(meridian_x{key="a\"b\\c\nd"} 1)")) << page;
}

TEST(MetricsPageTest, ShowsTheProcessUnderTheUsualNames) {
  const std::string page = MetricsPage({}, {.cpu_seconds = 1.5,
                                            .start_time_seconds = 1000,
                                            .resident_bytes = 4096,
                                            .virtual_bytes = 8192,
                                            .open_files = 7,
                                            .open_files_max = 1024,
                                            .threads = 2});
  EXPECT_TRUE(Has(page, "process_cpu_seconds_total 1.5")) << page;
  EXPECT_TRUE(Has(page, "process_resident_memory_bytes 4096"));
  EXPECT_TRUE(Has(page, "process_open_fds 7"));
  EXPECT_TRUE(Has(page, "process_start_time_seconds 1000"));
}

TEST(MetricsPageTest, ThisProcessHasPlausibleFigures) {
  const ProcessFigures figures = ReadProcessFigures();
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(
                       std::chrono::system_clock::now().time_since_epoch())
                       .count();
  EXPECT_GT(figures.cpu_seconds, 0);
  EXPECT_GT(figures.resident_bytes, 1U << 20U);
  EXPECT_GE(figures.virtual_bytes, figures.resident_bytes);
  EXPECT_GE(figures.open_files, 3U);
  EXPECT_GE(figures.open_files_max, figures.open_files);
  EXPECT_GE(figures.threads, 1U);
  EXPECT_NEAR(figures.start_time_seconds, static_cast<double>(now), 600);
}

}  // namespace
}  // namespace meridian::io
