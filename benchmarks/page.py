"""Measure the page in Chromium, by the browser's own tracing: ``python -m benchmarks.page``.

The figures are those of docs/BENCHMARKS.md: how long the first paint takes on a slow line, what has to be fetched, and
the longest that anything keeps the page from drawing while messages or people come in.
Work is counted in time of the processor, which other programs lengthen little, and the best of some runs is told.
It needs a checkout with Playwright and Chromium.
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import CDPSession

from tests.functional.browser.windows import BrowserTest, Window

ROUNDS = 5
RUNS = 3
"""So often messages and people come in; another program's work can only lengthen a run."""
MESSAGES = 10_000
PEOPLE = 1000
BITS_PER_S = 1_000_000
LATENCY_MS = 40.0

FIRST_PAINT = """new Promise(resolve => new PerformanceObserver(list => resolve(list.getEntries()[0].startTime))
  .observe({type: "paint", buffered: true}))"""


def longest(tasks: list[tuple[float, float]]) -> float:
    """Return the most that one task had of the processor, in ms."""
    return max(used for _, used in tasks)


class Measurement(BrowserTest):
    def runTest(self) -> None:
        self.rows: list[tuple[str, str]] = []
        self.first_paint()
        self.best(self.messages)
        self.best(self.people)
        width = max(len(name) for name, _ in self.rows)
        print(
            "\n".join(
                f"| {name:{width}} | {figure} |" for name, figure in [("what", "figure"), ("---", "---"), *self.rows]
            )
        )

    def best(self, measure: Callable[[int], list[tuple[str, float, str]]]) -> None:
        """Measure some times, and tell the least of each figure."""
        runs = [measure(number) for number in range(RUNS)]
        for rows in zip(*runs, strict=True):
            name, _, form = rows[0]
            self.rows.append((f"{name}, least of {RUNS}", form.format(min(figure for _, figure, _ in rows))))

    def slow_line(self, window: Window) -> CDPSession:
        """Make the line of a window slow, and its cache empty."""
        protocol = window.context.new_cdp_session(window.page)
        protocol.send("Network.enable")
        rate = BITS_PER_S / 8
        conditions = {"offline": False, "latency": LATENCY_MS, "downloadThroughput": rate, "uploadThroughput": rate}
        protocol.send("Network.emulateNetworkConditions", conditions)
        protocol.send("Network.setCacheDisabled", {"cacheDisabled": True})
        return protocol

    def first_paint(self) -> None:
        """Open the page over a line of 1 Mbit/s, and come in."""
        paints, joins, fetched, contents = [], [], [], []
        for number in range(ROUNDS):
            window = self.window()
            protocol = self.slow_line(window)
            sizes: list[float] = []
            protocol.on("Network.loadingFinished", lambda event, sizes=sizes: sizes.append(event["encodedDataLength"]))
            window.open()
            paints.append(float(window.page.evaluate(FIRST_PAINT)))
            window.page.get_by_role("textbox", name="Nickname").fill(f"ada{number}")
            window.page.wait_for_load_state("networkidle")
            fetched.append(sum(sizes))
            contents.append(float(window.page.evaluate(
                "performance.getEntries().reduce((sum, one) => sum + (one.decodedBodySize || 0), 0)"
            )))  # fmt: skip
            began = time.perf_counter()
            window.page.get_by_role("button", name="Join", exact=True).click()
            window.page.get_by_role("textbox", name="Message", exact=True).wait_for()
            joins.append((time.perf_counter() - began) * 1000)
            window.context.close()
        self.windows.clear()
        line = f"{BITS_PER_S // 1_000_000} Mbit/s, {LATENCY_MS:g} ms"
        self.rows.append((f"first paint ({line}), median of {ROUNDS}", f"{statistics.median(paints):.0f} ms"))
        self.rows.append((f"from Join to the room ({line}), median", f"{statistics.median(joins):.0f} ms"))
        self.rows.append(("fetched, compressed and with headers", f"{statistics.median(fetched) / 1024:.1f} KiB"))
        self.rows.append(("the same uncompressed", f"{statistics.median(contents) / 1024:.1f} KiB"))

    def traced(self, window: Window, act: Any) -> tuple[list[tuple[float, float]], float]:
        """Return the tasks of the page's main thread while this was done, and how long it took in seconds.

        Of each task, how long it took and how long it had the processor, in ms: others may want that, too.
        """
        self.browser.start_tracing(page=window.page, categories=["disabled-by-default-devtools.timeline", "__metadata"])
        began = time.perf_counter()
        act()
        window.page.wait_for_timeout(300)
        seconds = time.perf_counter() - began
        events = json.loads(self.browser.stop_tracing())["traceEvents"]
        threads: dict[tuple[int, int], list[tuple[float, float]]] = {
            (event["pid"], event["tid"]): []
            for event in events
            if event.get("name") == "thread_name" and event["args"]["name"] == "CrRendererMain"
        }
        for event in events:
            if event.get("name") == "RunTask" and (event["pid"], event["tid"]) in threads:
                took = (event.get("dur", 0) / 1000, event.get("tdur", 0) / 1000)
                threads[event["pid"], event["tid"]].append(took)
        tasks = max(
            threads.values(), key=lambda found: sum(dur for dur, _ in found)
        )  # the browser's other windows do nothing meanwhile
        return tasks, seconds

    def messages(self, run: int) -> list[tuple[str, float, str]]:
        """Let ten thousand messages come in as fast as the server takes them."""
        window = self.person(f"ada-{run}")
        programs = [self.program(f"bot{number}-{run}", quiet=True) for number in range(8)]  # they read nothing
        witness = self.program(f"witness-{run}", quiet=True)
        before = witness.do(do="status")["items"][0]["head"]

        def act() -> None:
            for number in range(MESSAGES // 400):
                for one in programs:
                    texts = [f"line {number} {each} with some more words, as people write" for each in range(50)]
                    lines = [json.dumps({"do": "say", "text": text, "room": "lobby"}) for text in texts]
                    one.send("\n".join(lines) + "\n")
                window.page.wait_for_timeout(1)
            while witness.do(do="status")["items"][0]["head"] < before + MESSAGES:
                window.page.wait_for_timeout(20)
            witness.do(do="say", text="the last of them", room="lobby")
            window.expect("the last of them")

        tasks, took = self.traced(window, act)
        count = int(window.page.evaluate("document.querySelectorAll('#lines > li').length"))
        box = window.page.get_by_role("textbox", name="Message", exact=True)
        typing, _ = self.traced(window, lambda: box.press_sequentially("hello there", delay=30))
        for one in [*programs, witness]:
            one.close()
        window.context.close()
        self.windows.clear()
        return [
            (f"{MESSAGES:,} messages come in: longest work in one task", longest(tasks), "{:.1f} ms"),
            ("tasks with more than 50 ms of work", sum(used > 50 for _, used in tasks), "{:.0f}"),
            ("the page's work for all of them", sum(used for _, used in tasks) / 1000, "{:.1f} s"),
            ("seconds until the last is shown", took, "{:.1f} s"),
            ("lines in the document afterwards", count, "{:,.0f}"),
            ("typing after that: longest work in one task", longest(typing), "{:.1f} ms"),
        ]

    def people(self, run: int) -> list[tuple[str, float, str]]:
        """Let a thousand people come in."""
        window = self.person(f"zoe-{run}")
        crowd: list[Any] = []

        def act() -> None:
            for number in range(PEOPLE):
                line = self.connect()
                line.send(json.dumps({"do": "nick", "nick": f"guest-{number}-{run}", "since": "head", "ref": 1}) + "\n")
                crowd.append(line)
                if number % 20 == 0:
                    window.page.wait_for_timeout(1)
            window.until("count => document.querySelectorAll('#list-people .row').length >= count", PEOPLE)

        tasks, took = self.traced(window, act)
        for line in crowd:
            line.close()
        window.context.close()
        self.windows.clear()
        return [
            (f"{PEOPLE:,} people come in: longest work in one task", longest(tasks), "{:.1f} ms"),
            ("seconds until the last is shown", took, "{:.1f} s"),
        ]


def main() -> None:
    measurement = Measurement()
    Measurement.setUpClass()
    try:
        result = measurement.defaultTestResult()
        measurement.run(result)
    finally:
        Measurement.tearDownClass()
    for _, failure in [*result.failures, *result.errors]:
        sys.exit(str(failure))


if __name__ == "__main__":
    main()
